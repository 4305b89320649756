package postman_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
)

// requestsV1 are requests of format v1, one for each thing that they can say. All
// but the last members of a request are the same.
var requestsV1 = map[string]string{
	"scripts":         `"tests":"tests['a'] = true;","preRequestScript":"p()","events":[{"listen":"test","script":{"exec":"ignored"}}]`,
	"events":          `"events":[{"script":{"exec":["x","y"]}},{"listen":"prerequest","script":{"exec":"one\ntwo"}}]`,
	"headers":         `"headers":"Accept: text/plain\n//Off: 1\nX-Colon: a:b\n"`,
	"header data":     `"headers":"A: 1\nC: 3","headerData":[{"key":"A","value":"2"},{"key":"// B","value":"x"},{"key":"D","value":"4","enabled":false}]`,
	"raw":             `"dataMode":"raw","rawModeData":"{\"a\":1}","dataOptions":{"raw":{"language":"json"}}`,
	"raw in a list":   `"dataMode":"raw","rawModeData":["text"],"data":[]`,
	"fields":          `"dataMode":"urlencoded","data":[{"key":"a","value":"1","enabled":true},{"key":"b","value":"2","enabled":false},{"value":"no key"}]`,
	"parts":           `"dataMode":"params","data":[{"key":"a","value":"1","type":"text"},{"key":"f","value":"file.txt","type":"file"},{"key":"g","src":["x","y"],"type":"file"}]`,
	"file":            `"dataMode":"binary","rawModeData":"photo.png"`,
	"graphql":         `"dataMode":"graphql","graphqlModeData":{"query":"{a}","variables":"{}"}`,
	"fields unsaid":   `"data":[{"key":"a","value":"1"}]`,
	"raw unsaid":      `"rawModeData":"r"`,
	"graphql unsaid":  `"graphqlModeData":{"query":"q"}`,
	"null":            `"dataMode":null,"rawModeData":"r"`,
	"disabled":        `"dataMode":"raw","rawModeData":"x","dataDisabled":true`,
	"path variables":  `"pathVariableData":[{"key":"a","value":"1"}],"pathVariables":{"a":"no","b":"2"}`,
	"query":           `"queryParams":[{"key":"q","value":"1","enabled":true},{"key":"r","value":"2","enabled":false}]`,
	"no auth":         `"auth":{"type":"noauth"}`,
	"basic":           `"currentHelper":"basicAuth","helperAttributes":{"username":"u","password":"p"}`,
	"hawk":            `"currentHelper":"hawkAuth","helperAttributes":"{\"hawk_id\":\"i\",\"hawk_key\":\"k\",\"ext\":\"e\"}"`,
	"normal":          `"currentHelper":"normal"`,
	"oauth1":          `"currentHelper":"oAuth1","helperAttributes":{"consumerKey":"c","header":true,"includeEmpty":false}`,
	"behavior":        `"protocolProfileBehavior":{"followRedirects":false}`,
	"nothing at all ": `"time":1`,
}

// documentsV1 are whole collections.
var documentsV1 = map[string]string{
	"empty": `{"id":"c","name":"old","requests":[]}`,
	"order": `{"id":"c","name":"old","order":["b","a","gone"],"requests":[{"id":"a","name":"A","url":"http://x.test/a","method":"GET"},{"id":"b","name":"B","url":"http://x.test/b","method":"POST"}]}`,
	"folders": `{"id":"c","name":"old","order":["top"],"folders_order":["f2","f1"],"folders":[{"id":"f1","name":"one","order":["a"],"tests":"f()"},
		{"id":"f2","name":"two","order":["b"],"folders_order":["f3"],"auth":{"type":"bearer","bearer":[{"key":"token","value":"t"}]}},{"id":"f3","name":"three","order":["d"]}],
		"requests":[{"id":"a","name":"A","url":"x.test/a","method":"GET"},{"id":"b","name":"B","url":"x.test/b","method":"GET"},{"id":"d","name":"D","url":"x.test/d","method":"GET"},{"id":"top","name":"T","url":"x.test/t","method":"GET"}]}`,
	"folders without an order": `{"id":"c","name":"old","folders":[{"id":"f1","name":"one","order":["a"]}],"requests":[{"id":"a","name":"A","url":"x.test","method":"GET"}]}`,
	"scripts of the whole":     `{"id":"c","name":"old","preRequestScript":"one();\ntwo();","order":["a"],"requests":[{"id":"a","name":"A","url":"x.test","method":"GET"}]}`,
	"events of the whole":      `{"id":"c","name":"old","events":[{"listen":"prerequest","script":{"exec":["a","b"]}}],"order":["a"],"requests":[{"id":"a","name":"A","url":"x.test","method":"GET"}]}`,
	"auth of the whole":        `{"id":"c","name":"old","auth":{"type":"bearer","bearer":[{"key":"token","value":"t"}]},"protocolProfileBehavior":{"strictSSL":true},"order":["a"],"requests":[{"id":"a","name":"A","url":"x.test","method":"GET"}]}`,
	"variables":                `{"id":"c","name":"old","variables":[{"id":"1","key":"a","value":"x","type":"any"},{"id":"b","value":2,"type":"any"}],"requests":[]}`,
}

// outline is what a run sees of a collection.
func outline(t *testing.T, c *postman.Collection) []string {
	t.Helper()
	out := []string{"name " + c.Name}
	for _, v := range c.Variables {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		out = append(out, "variable "+string(text))
	}
	for _, item := range c.Requests() {
		bare := item.Request.Clone()
		bare.Auth = nil
		request, err := bare.MarshalJSON()
		require.NoError(t, err)
		out = append(out, strings.Join(item.Path(), "/"), string(request))
		for _, phase := range []string{"prerequest", "test"} {
			for _, e := range item.Scripts(phase) {
				out = append(out, phase+" "+e.Source)
			}
		}
		if a := item.EffectiveAuth(); a != nil {
			var settings []string
			for _, p := range a.Params { // in any order; some are only for the eye
				if p.Value != nil && p.Key != "saveHelperData" && p.Key != "showPassword" {
					settings = append(settings, fmt.Sprint(" ", p.Key, "=", p.Value))
				}
			}
			slices.Sort(settings)
			out = append(out, "auth "+a.Type+strings.Join(settings, ""))
		}
		for name, n := range item.EffectiveBehavior() {
			out = append(out, name+" "+string(n.Append(nil)))
		}
	}
	return out
}

// TestFormatV1 converts with the transformer that newman has, and compares.
func TestFormatV1(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../node_modules/postman-collection-transformer"); err != nil {
		t.Skip("npm packages are not installed: make setup")
	}
	documents := map[string]string{}
	for name, document := range documentsV1 {
		documents[name] = document
	}
	for name, members := range requestsV1 {
		documents["request: "+name] = fmt.Sprintf(`{"id":"c","name":"old","order":["a"],"requests":[{"id":"a","name":"A","url":"http://x.test/:b/:a?q=1&r=2","method":"POST",%s}]}`, members)
	}
	input, err := json.Marshal(documents)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "-e", `
		const {convert} = require("postman-collection-transformer"), docs = JSON.parse(require("fs").readFileSync(0, "utf8")), out = {};
		for (const [name, doc] of Object.entries(docs)) convert(JSON.parse(doc), {inputVersion: "1.0.0", outputVersion: "2.1.0", retainIds: true}, (err, c) => { if (err) throw err; out[name] = c; });
		console.log(JSON.stringify(out));`)
	cmd.Dir, cmd.Stdin = "..", strings.NewReader(string(input))
	converted, err := cmd.Output()
	require.NoError(t, err)
	var reference map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(converted, &reference))
	for name, document := range documents {
		want, err := postman.ParseCollection(reference[name])
		require.NoError(t, err, name)
		got, err := postman.ParseCollection([]byte(document))
		require.NoError(t, err, name)
		require.Equal(t, outline(t, want), outline(t, got), name)
	}
}

func TestFormatV1ThatGoesInCircles(t *testing.T) {
	t.Parallel()
	c, err := postman.ParseCollection([]byte(`{"name":"old","folders_order":["z"],"folders":[{"id":"a","name":"a","folders_order":["b"],"order":["r"]},{"id":"b","name":"b","folders_order":["a"]},
		{"id":"z","name":"z","folders_order":["z"],"order":["r","r"]}],"order":["r"],"requests":[{"id":"r","name":"r","url":"x.test","method":"GET"}]}`))
	require.NoError(t, err)
	require.Len(t, c.Requests(), 1)
}
