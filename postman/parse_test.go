package postman_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
)

const shop = `{
  "info": {"_postman_id": "5bb1a3d0-0000-4000-8000-000000000001", "name": "Shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
  "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
  "variable": [{"key": "host", "value": "http://x"}, {"key": "port", "value": 80}, {"key": "off", "value": "1", "disabled": true}],
  "event": [{"listen": "prerequest", "script": {"exec": ["a", "b"]}}],
  "protocolProfileBehavior": {"followRedirects": false, "maxRedirects": 3},
  "item": [
    {"name": "folder", "auth": {"type": "basic", "basic": {"username": "u"}}, "event": [{"listen": "test", "script": "folder()"}],
     "item": [
      {"id": "r1", "name": "first", "protocolProfileBehavior": {"maxRedirects": 5},
       "request": {"method": "post", "url": {"raw": "ignored", "protocol": "http", "host": ["x"], "path": ["a", ":id"], "query": [{"key": "q", "value": "1"}, {"key": "off", "value": "2", "disabled": true}], "variable": [{"id": "id", "value": "7"}]},
        "header": [{"key": "A", "value": 1}, {"key": "B", "value": "2", "disabled": true}], "body": {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}}},
       "event": [{"listen": "test", "script": {"exec": "own()"}}, {"listen": "test", "disabled": true, "script": {"exec": "never()"}}]},
      {"name": "second", "request": {"url": "{{host}}/b", "auth": {"type": "noauth"}, "header": "X: 1\nY: 2"}}]},
    {"name": "third", "request": "http://x/c"},
    {"name": "nothing"}, null
  ]
}`

func TestParseCollection(t *testing.T) {
	t.Parallel()
	c, err := postman.ParseCollection([]byte(shop))
	require.NoError(t, err)
	require.Equal(t, "Shop", c.Name)
	require.Equal(t, "5bb1a3d0-0000-4000-8000-000000000001", c.ID)
	require.Len(t, c.Variables, 3)
	require.True(t, c.Variables[2].Disabled)

	list := c.Requests()
	require.Len(t, list, 4)
	first, second, third, nothing := list[0], list[1], list[2], list[3]
	require.Equal(t, "r1", first.ID)
	require.Equal(t, []string{"Shop", "folder", "first"}, first.Path())
	require.Equal(t, "POST", first.Request.Method)
	require.Equal(t, "http://x/a/7?q=1", first.Request.URL.String())
	require.Equal(t, "1", first.Request.Header("a").Value)
	require.Nil(t, first.Request.Header("B"))
	require.Equal(t, "json", first.Request.Body.Language)
	require.Equal(t, "basic", first.EffectiveAuth().Type)
	require.Equal(t, "noauth", second.EffectiveAuth().Type)
	require.Equal(t, "bearer", third.EffectiveAuth().Type)
	require.Equal(t, "2", second.Request.Header("Y").Value)
	require.Equal(t, "http://x/c", third.Request.URL.String())
	require.Empty(t, nothing.Request.URL.String())

	redirects, _ := first.EffectiveBehavior().Int("maxRedirects")
	require.Equal(t, 5, redirects)
	follow, set := first.EffectiveBehavior().Bool("followRedirects")
	require.True(t, set)
	require.False(t, follow)

	var sources []string
	for _, phase := range []string{"prerequest", "test"} {
		for _, e := range first.Scripts(phase) {
			sources = append(sources, e.Source)
		}
	}
	require.Equal(t, []string{"a\nb", "folder()", "own()"}, sources)

	again, err := postman.ParseCollection([]byte(shop))
	require.NoError(t, err)
	require.NotEmpty(t, second.ID)
	require.Equal(t, second.ID, again.Requests()[1].ID, "ids that are made up depend on the file only")

	require.Same(t, first, c.Find("first"))
	require.Same(t, c.Items[0], c.Find("folder"))
	require.Nil(t, c.Find("nobody"))
}

func TestParseCollectionRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, says string }{
		"nothing":       {"", "the text ends too early"},
		"no JSON":       {"{\n  nope", "invalid JSON at byte"},
		"two values":    {"{} {}", "text after the end"},
		"a list":        {"[]", "expected an object, found an array"},
		"a text":        {`"x"`, "expected an object, found a string"},
		"empty":         {"{}", `$ (byte 1): "item" is missing`},
		"an api answer": {`{"error": {"name": "x"}}`, `"item" is missing`},
		"no list":       {`{"info": {}, "item": {}}`, "$.item (byte 22): expected an array, found an object"},
		"odd item":      {`{"item": [{"item": [{}, 5]}]}`, "$.item[0].item[1]"},
		"too deep":      {strings.Repeat(`{"item":[`, 120) + strings.Repeat(`]}`, 120), "deeper than 100"},
		"deep JSON":     {strings.Repeat(`[`, 2000) + strings.Repeat(`]`, 2000), "more than 512 levels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := postman.ParseCollection([]byte(tt.in))
			var e *postman.ParseError
			require.ErrorAs(t, err, &e)
			require.ErrorContains(t, err, "not a Postman collection")
			require.ErrorContains(t, err, tt.says)
		})
	}
	_, err := postman.ParseCollection(make([]byte, postman.MaxSize+1))
	require.ErrorContains(t, err, "larger than 64 MiB")
}

func TestParseCollectionIsLenient(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"wrapped":        `{"collection": {"info": {"name": 5}, "item": []}}`,
		"byte order":     "\xef\xbb\xbf" + `{"item": []}`,
		"without info":   `{"item": [{"request": {"url": null, "header": null, "body": null, "method": null}}]}`,
		"null members":   `{"item": [{"name": null, "event": null, "request": null, "item": null}], "auth": null, "variable": null}`,
		"odd types":      `{"item": [{"name": 5, "event": {"listen": "test", "script": ["x"]}, "request": {"url": 5, "header": [5, null, "A: b"], "body": "raw", "auth": {"type": 5}}}]}`,
		"odd url":        `{"item": [{"request": {"url": {"host": 5, "path": [1, {"value": "x"}], "port": 80, "query": {"a": "b"}, "variable": {"a": 1}}}}]}`,
		"odd body":       `{"item": [{"request": {"url": "x", "body": {"mode": "weird", "raw": {"a": [1]}, "formdata": 5, "urlencoded": "a=b&c", "graphql": 7}}}]}`,
		"duplicate keys": `{"item": [], "item": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := postman.ParseCollection([]byte(in))
			require.NoError(t, err)
			for _, item := range c.Requests() {
				_, err := json.Marshal(item.Request)
				require.NoError(t, err)
			}
		})
	}
}

func TestParseEnvironment(t *testing.T) {
	t.Parallel()
	e, err := postman.ParseEnvironment([]byte(`{"name": "dev", "values": [{"key": "a", "value": "1"}, {"key": "b", "value": 2, "enabled": true}, {"key": "c", "value": "3", "enabled": false}, {"key": "d", "value": 5, "type": "string"}, {"key": "e"}, {"key": "f", "value": null}]}`))
	require.NoError(t, err)
	s := e.Scope()
	for key, want := range map[string]any{"a": "1", "b": 2.0, "d": "5", "e": "", "f": nil} {
		got, ok := s.Lookup(key)
		require.True(t, ok, key)
		require.Equal(t, want, got, key)
	}
	_, ok := s.Lookup("c")
	require.False(t, ok)

	// UTF-16, with and without a byte order mark
	for _, in := range []string{"\xff\xfe{\x00}\x00", "{\x00}\x00", "\xfe\xff\x00{\x00}"} {
		_, err = postman.ParseEnvironment([]byte(in))
		require.NoError(t, err)
	}
	e, err = postman.ParseGlobals([]byte(`[{"key": "g", "value": "v"}]`))
	require.NoError(t, err)
	require.Len(t, e.Values, 1)
	_, err = postman.ParseEnvironment([]byte(`{"info": {}, "item": []}`))
	require.ErrorContains(t, err, `not a Postman environment: $ (byte 1): "values" is missing`)
	_, err = postman.ParseGlobals([]byte(`{"values": 5}`))
	require.ErrorContains(t, err, "not Postman globals: $.values")
}

func TestParseData(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in   string
		want []map[string]any
	}{
		"json":          {`[{"a": 1, "b": [true]}, {}]`, []map[string]any{{"a": 1.0, "b": []any{true}}, {}}},
		"csv":           {"a,b\n1,x\n2.5, y \n", []map[string]any{{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "y"}}},
		"quotes":        {"a,b\r\n\"1\",\"say \"\"hi\"\", you\"\r\n", []map[string]any{{"a": "1", "b": `say "hi", you`}}},
		"lines":         {"a\n\"x\ny\"\n", []map[string]any{{"a": "x\ny"}}},
		"inner quotes":  {"a,b\nit\"s,2\n", []map[string]any{{"a": `it"s`, "b": 2.0}}},
		"short rows":    {"a,b\n1\n1,2,3\n", []map[string]any{{"a": 1.0}, {"a": 1.0, "b": 2.0}}},
		"byte order":    {"\xef\xbb\xbfa\n1", []map[string]any{{"a": 1.0}}},
		"long number":   {"card\n12345678901234567890", []map[string]any{{"card": "12345678901234567890"}}},
		"leading zeros": {"zip\n007", []map[string]any{{"zip": 7.0}}},
		"empty lines":   {"a,b\n\n1,2\n\n", []map[string]any{{"a": ""}, {"a": 1.0, "b": 2.0}, {"a": ""}}},
		"blanks at end": {"a,b\r\n1,2\r\n  ", []map[string]any{{"a": 1.0, "b": 2.0}}},
		"words":         {"a\nInfinity\n0x10\n-", []map[string]any{{"a": "Infinity"}, {"a": "0x10"}, {"a": "-"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := postman.ParseData([]byte(tt.in))
			require.NoError(t, err)
			var got []map[string]any
			for _, row := range rows {
				values := map[string]any{}
				for _, v := range row {
					values[v.Key] = v.Value
				}
				got = append(got, values)
			}
			require.Equal(t, tt.want, got)
		})
	}
	for in, says := range map[string]string{"": "it is empty", "[1]": "$[0]", `{"a": 1}`: "one object", "[{": "invalid JSON", "a\n\"x": "line 2: a quoted field has no end"} {
		_, err := postman.ParseData([]byte(in))
		require.ErrorContains(t, err, says)
	}
}

func TestRequestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"url":{"raw":"http://u:p@x:80/a/:b?c=d&e#f","protocol":"http","auth":{"user":"u","password":"p"},"port":"80","path":["a",":b"],"hash":"f","host":["x"],"query":[{"key":"c","value":"d"},{"key":"e","value":null}],"variable":[{"type":"any","key":"b"}]},"header":[{"key":"A","value":"1","disabled":true}],"method":"PUT","body":{"mode":"urlencoded","urlencoded":[{"key":"a","value":"b"}]},"auth":{"type":"apikey","apikey":[{"type":"any","value":"v","key":"key"}]},"description":"d"}`,
		`{"url":{"raw":"x","host":["x"],"query":[],"variable":[]},"method":"POST","body":{"mode":"graphql","graphql":{"query":"{a}","variables":{"z":1,"a":[2.50]}},"options":{"graphql":{}}}}`,
		`{"url":{"raw":"x","host":["x"],"query":[],"variable":[]},"method":"POST","body":{"mode":"formdata","formdata":[{"key":"a","value":"1","type":"text"},{"key":"f","type":"file","src":["a","b"],"contentType":"text/x"},{"key":"g","type":"file","src":"c","fileName":"d","disabled":true}]}}`,
		`{"url":{"raw":"x","host":["x"],"query":[],"variable":[]},"method":"POST","body":{"mode":"file","file":{"src":"a"},"disabled":true}}`,
	} {
		r, err := postman.ParseRequest([]byte(in))
		require.NoError(t, err)
		out, err := r.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, in, string(out))
	}
	_, err := postman.ParseRequest([]byte("5"))
	require.ErrorContains(t, err, "expected an object or a URL")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	r, err := postman.ParseRequest([]byte(`{"method": "{{m}}", "url": "{{u}}?q={{x}}", "header": [{"key": "{{x}}", "value": "{{x}}"}],
		"body": {"mode": "graphql", "graphql": {"query": "{{x}}", "variables": {"a": "{{x}}"}}}, "auth": {"type": "bearer", "bearer": {"token": "{{x}}"}}}`))
	require.NoError(t, err)
	got := r.Resolve(strings.NewReplacer("{{m}}", "get", "{{u}}", "http://h:1/p?z=1", "{{x}}", "y").Replace)
	require.Equal(t, "GET", got.Method)
	require.Equal(t, "http://h:1/p?z=1?q=y", got.URL.String())
	require.Equal(t, "1", *got.URL.Port)
	require.Equal(t, postman.Header{Key: "y", Value: "y"}, got.Headers[0])
	text, _ := got.Body.Text()
	require.JSONEq(t, `{"query":"y","variables":{"a":"y"}}`, text)
	require.Equal(t, "y", got.Auth.Params[0].Value)
	require.Equal(t, "{{x}}", r.Headers[0].Value, "the original stays")
}

func TestBodyText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"raw":         {`{"mode":"raw","raw":"a"}`, "a"},
		"raw object":  {`{"mode":"raw","raw":{"b":1,"a":"<"}}`, `{"b":1,"a":"<"}`},
		"form":        {`{"mode":"urlencoded","urlencoded":[{"key":"a b","value":"c&d"},{"key":"x","value":"1"},{"key":"off","value":"1","disabled":true},{"key":"a b","value":"!'()*~"},{"key":"7","value":null}]}`, "7=&a%20b=c%26d&a%20b=%21%27%28%29%2A~&x=1"},
		"form text":   {`{"mode":"urlencoded","urlencoded":"a=b&c=d"}`, "a=b&c=d"},
		"graphql":     {`{"mode":"graphql","graphql":{"query":"q","variables":"{\"a\":1}"}}`, `{"query":"q","variables":{"a":1}}`},
		"graphql odd": {`{"mode":"graphql","graphql":{"query":"q","operationName":null,"variables":""}}`, `{"query":"q"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := postman.ParseRequest([]byte(`{"url":"x","body":` + tt.in + `}`))
			require.NoError(t, err)
			text, ok := r.Body.Text()
			require.True(t, ok)
			require.Equal(t, tt.want, text)
			require.False(t, r.Body.Empty())
		})
	}
	for _, in := range []string{`null`, `{"mode":"raw"}`, `{"mode":"urlencoded"}`, `{"mode":"formdata","formdata":[{"key":"a","disabled":true}]}`, `{"mode":"file"}`, `{"mode":"graphql"}`, `{"mode":"raw","raw":"a","disabled":true}`} {
		r, err := postman.ParseRequest([]byte(`{"url":"x","body":` + in + `}`))
		require.NoError(t, err)
		require.True(t, r.Body.Empty(), in)
	}
}

func TestStripComments(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"{} // x":                 "{} ",
		"{\"a\": 1, // x\n\"b\"}": "{\"a\": 1, \n\"b\"}",
		"1 // x\r\n2":             "1 \n2",
		`{"a": "//no", /* b */ "c": "\"/* no */"}`: `{"a": "//no",  "c": "\"/* no */"}`,
		"1 /* open":  "1 ",
		"a / b":      "a / b",
		`"open // x`: `"open // x`,
	} {
		require.Equal(t, want, postman.StripComments(in), in)
	}
}

func FuzzParseCollection(f *testing.F) {
	f.Add([]byte(shop))
	f.Add([]byte(`{"collection":{"item":[{"request":"{{a}}/:b?c#d"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := postman.ParseCollection(data)
		if err != nil {
			var e *postman.ParseError
			require.ErrorAs(t, err, &e)
			require.NotEmpty(t, e.Error())
			return
		}
		for _, item := range c.Requests() {
			require.NotEmpty(t, item.ID)
			out, err := json.Marshal(item.Request)
			require.NoError(t, err)
			again, err := postman.ParseRequest(out)
			require.NoError(t, err)
			require.Equal(t, item.Request.Method, again.Method)
			item.Request.Resolve(func(s string) string { return s }).URL.Encode(false)
		}
	})
}

func FuzzParseData(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\"\n"))
	f.Add([]byte(`[{"a":1}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := postman.ParseData(data)
		if err == nil {
			for _, row := range rows {
				row.Scope()
			}
		}
	})
}

func TestIgnoredThingsAreTold(t *testing.T) {
	t.Parallel()
	c, err := postman.ParseCollection([]byte(`{"info":{"name":"c","schema":"https://schema.getpostman.com/json/collection/v3.0.0/collection.json"},
		"event":[{"listen":"prerequest","script":"1"},{"listen":"teardown","script":"1"},{"script":"1"},{"listen":"other"}],
		"item":[null,{"name":"f","item":[{"name":"r","request":{"url":"http://a.test","proxy":{"host":"p"},"body":{"mode":"msgpack","raw":"x"}}}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []string{
		`$.info.schema: "https://schema.getpostman.com/json/collection/v3.0.0/collection.json" is no format that is known: the file is read as v2.1`,
		`$.event[1]: listen "teardown" is none of prerequest and test: the script does not run`,
		`$.event[2]: listen is missing: the script does not run`,
		`$.item[0]: null is neither a request nor a folder`,
		`$.item[1].item[0].request.proxy: is not used: it is set for the whole run`,
		`$.item[1].item[0].request.body.mode: "msgpack" is not known: the body is sent as raw`,
	}, c.Ignored)
	for _, schema := range []string{"", "https://schema.getpostman.com/json/collection/v2.1.0/collection.json", "https://schema.postman.com/json/collection/v2.0.0/", "https://schema.getpostman.com/collection.json/v2.1.0/"} {
		c, err := postman.ParseCollection([]byte(`{"info":{"name":"c","schema":"` + schema + `"},"item":[]}`))
		require.NoError(t, err)
		require.Empty(t, c.Ignored, schema)
	}
}
