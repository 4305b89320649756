package transport_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/transport"
)

const ok = "HTTP/1.1 200 OK\r\n"

// answers are good and bad ones, each as it stands on the wire.
var answers = map[string]string{
	"cl twice same":              ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
	"cl twice other":             ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
	"cl list":                    ok + "Content-Length: 2, 2\r\n\r\nok",
	"cl te":                      ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"te cl":                      ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"te cl 204":                  "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
	"cl te 204":                  "HTTP/1.1 204 No\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
	"cl 204":                     "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n",
	"bad trailer":                ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nbad\r\n\r\n",
	"good trailer":               ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
	"lf head":                    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
	"lf header":                  ok + "Content-Length: 2\n\r\nok",
	"lf end":                     ok + "Content-Length: 2\r\n\nok",
	"cr only":                    ok + "A: b\rContent-Length: 2\r\n\r\nok",
	"nul value":                  ok + "A: b\x00c\r\nContent-Length: 2\r\n\r\nok",
	"ctl value":                  ok + "A: b\x01c\r\nContent-Length: 2\r\n\r\nok",
	"del value":                  ok + "A: b\x7fc\r\nContent-Length: 2\r\n\r\nok",
	"name paren":                 ok + "A(b: c\r\nContent-Length: 2\r\n\r\nok",
	"name space":                 ok + "A b: c\r\nContent-Length: 2\r\n\r\nok",
	"space colon":                ok + "A : c\r\nContent-Length: 2\r\n\r\nok",
	"no colon":                   ok + "Abc\r\nContent-Length: 2\r\n\r\nok",
	"empty name":                 ok + ": c\r\nContent-Length: 2\r\n\r\nok",
	"http3.7":                    "HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http2.0":                    "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http0.9":                    "HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http1.2":                    "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http1":                      "HTTP/1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http11.1":                   "HTTP/11.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"lower":                      "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"icy":                        "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"status 0200":                "HTTP/1.1 0200 OK\r\nContent-Length: 2\r\n\r\nok",
	"status 20":                  "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
	"status 099":                 "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
	"status 999":                 "HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\nok",
	"status 2x0":                 "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
	"status no reason":           "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
	"status reason empty":        "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
	"two spaces":                 "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
	"tab status":                 "HTTP/1.1 200\tOK\r\nContent-Length: 2\r\n\r\nok",
	"reason nul":                 "HTTP/1.1 200 O\x00K\r\nContent-Length: 2\r\n\r\nok",
	"chunk space":                ok + "Transfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
	"chunk ext":                  ok + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n",
	"chunk data no crlf":         ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nokX0\r\n\r\n",
	"chunk hex bad":              ok + "Transfer-Encoding: chunked\r\n\r\nz\r\nok\r\n0\r\n\r\n",
	"chunk minus":                ok + "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
	"chunk 0x":                   ok + "Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
	"te gzip":                    ok + "Transfer-Encoding: gzip\r\n\r\nok",
	"te chunked gzip":            ok + "Transfer-Encoding: chunked, gzip\r\n\r\nok",
	"te gzip chunked":            ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"te xchunked":                ok + "Transfer-Encoding: xchunked\r\n\r\nok",
	"te twice":                   ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"cl plus":                    ok + "Content-Length: +2\r\n\r\nok",
	"cl empty":                   ok + "Content-Length: \r\n\r\nok",
	"cl space":                   ok + "Content-Length: 2 \r\n\r\nok",
	"cl inner space":             ok + "Content-Length: 2 2\r\n\r\nok",
	"cl neg":                     ok + "Content-Length: -1\r\n\r\nok",
	"cl huge":                    ok + "Content-Length: 99999999999999999999999\r\n\r\nok",
	"fold":                       ok + "A: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
	"fold first":                 ok + " A: b\r\nContent-Length: 2\r\n\r\nok",
	"leading crlf":               "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"leading space":              " HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"empty":                      "",
	"garbage":                    "hello\r\n\r\n",
	"partial":                    ok + "Content-Le",
	"short body":                 ok + "Content-Length: 5\r\n\r\nok",
	"head cut chunk":             ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nok",
	"reason cr":                  "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok",
	"reason lf":                  "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok",
	"noreason lf":                "HTTP/1.1 200\nContent-Length: 2\r\n\r\nok",
	"noreason cr":                "HTTP/1.1 200\rContent-Length: 2\r\n\r\nok",
	"name cr":                    ok + "A\r\nContent-Length: 2\r\n\r\nok",
	"version x":                  "HTTP/x.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"version 1.x":                "HTTP/1.x 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"version nospace":            "HTTP/1.1x200 OK\r\nContent-Length: 2\r\n\r\nok",
	"http only":                  "HTTP/1.1\r\n\r\n",
	"chunk cr x":                 ok + "Transfer-Encoding: chunked\r\n\r\n2\rXok\r\n0\r\n\r\n",
	"chunk empty":                ok + "Transfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
	"chunk overflow":             ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n",
	"chunk ext ctl":              ok + "Transfer-Encoding: chunked\r\n\r\n2;a\x01=b\r\nok\r\n0\r\n\r\n",
	"chunk ext lf":               ok + "Transfer-Encoding: chunked\r\n\r\n2;a\nok\r\n0\r\n\r\n",
	"chunk data lf":              ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n",
	"chunk data cr x":            ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\rX0\r\n\r\n",
	"trailer lf":                 ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\n\r\n",
	"trailer cl":                 ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n",
	"trailer end lf":             ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\n",
	"cl leading zeros":           ok + "Content-Length: 0002\r\n\r\nok",
	"te empty":                   ok + "Transfer-Encoding: \r\n\r\nok",
	"te empty cl":                ok + "Transfer-Encoding: \r\nContent-Length: 2\r\n\r\nok",
	"te upper":                   ok + "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"te chunked sp":              ok + "Transfer-Encoding: chunked \r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"te identity":                ok + "Transfer-Encoding: identity\r\n\r\nok",
	"te chunked, then gzip line": ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"http1.0 chunked":            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	"value fold tab":             ok + "A: b\r\n\tc\r\nContent-Length: 2\r\n\r\nok",
	"value empty fold":           ok + "A:\r\n c\r\nContent-Length: 2\r\n\r\nok",
	"cl fold":                    ok + "Content-Length:\r\n 2\r\n\r\nok",
	"name 8bit":                  ok + "Ä: b\r\nContent-Length: 2\r\n\r\nok",
}

// node requests each URL, strict and lenient, and tells what came of it.
const node = `
const http = require("http"), urls = JSON.parse(process.argv[1]);
const get = (url, insecureHTTPParser) => new Promise((done) => {
	const q = http.get(url, {insecureHTTPParser, agent: false}, (r) => {
		let body = "";
		r.setEncoding("latin1");
		r.on("data", (d) => body += d);
		r.on("end", () => done(r.statusCode + " " + r.statusMessage + " " + body));
		r.on("error", (e) => done(e.code + " " + e.message));
	});
	q.on("error", (e) => done(e.code + " " + e.message));
});
(async () => {
	const told = {};
	for (const name in urls) told[name] = [await get(urls[name], false), await get(urls[name], true)];
	console.log(JSON.stringify(told));
})();`

// strange are answers with a CR alone or with wrong sizes. Node's lenient parser
// goes on and fails later, or not at all; ours says what is wrong.
var strange = []string{"chunk data no crlf", "noreason cr", "chunk cr x", "reason cr", "chunk data cr x"}

// TestParserAsNode compares what Node's parser makes of answers with ours. The
// error for a body that breaks off differs by when it breaks off.
func TestParserAsNode(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node: make setup")
	}
	urls := map[string]string{}
	for name, answer := range answers {
		urls[name] = serve(t, answer)
	}
	list, err := json.Marshal(urls)
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "node", "-e", node, string(list)).Output()
	require.NoError(t, err)
	var told map[string][2]string
	require.NoError(t, json.Unmarshal(out, &told))
	c := client(t, transport.Config{})
	for name := range answers {
		for i, theirs := range told[name] {
			r := request(t, urls[name], "/")
			r.Lenient = i == 1
			if r.Lenient && slices.Contains(strange, name) {
				continue
			}
			resp, err := c.Do(t.Context(), r)
			assert.Equal(t, theirs, outcome(resp, err), "%s, lenient: %t", name, r.Lenient)
		}
	}
}

func outcome(resp *transport.Response, err error) string {
	var failed *transport.Error
	switch {
	case errors.As(err, &failed):
		return failed.Code + " " + failed.Message
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%d %s %s", resp.Code, resp.Status, resp.Body)
}

// FuzzResponse: whatever a server says, the answer is one or an error of ours.
func FuzzResponse(f *testing.F) {
	for _, answer := range answers {
		f.Add([]byte(answer), false)
		f.Add([]byte(answer), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, lenient bool) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			_, _ = nc.Read(make([]byte, 4096))
			_, _ = nc.Write(answer)
		}()
		c := transport.New(transport.Config{MaxBody: 1 << 20})
		defer c.Close()
		r := request(t, "http://"+l.Addr().String(), "/")
		r.Lenient = lenient
		resp, err := c.Do(t.Context(), r)
		if err == nil {
			require.LessOrEqual(t, len(resp.Body), 1<<20)
			return
		}
		var known *transport.Error
		require.ErrorAs(t, err, &known)
	})
}
