package script_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
)

// What scripts may use that is neither JavaScript's own nor Postman's. Each script
// compares by itself: eq(got, want).
func TestWebAPIs(t *testing.T) {
	t.Parallel()
	const prelude = `const {deepStrictEqual} = require("assert"); const eq = (a, b) => { if (a !== b) pm.expect(a).to.eql(b); }; const hex = (b) => Buffer.from(b).toString("hex");`
	for name, source := range map[string]string{
		"URL parts":                 `const u = new URL("https://u:p@a.test:8443/x/../y?q=1&q=2#h"); eq(u.href, "https://u:p@a.test:8443/y?q=1&q=2#h"); eq(u.origin, "https://a.test:8443"); eq(u.searchParams.getAll("q"), ["1", "2"]); eq(u.hash, "#h")`,
		"URL relative":              `eq(new URL("../c?d", "http://a.test/b/x/").href, "http://a.test/b/c?d")`,
		"URL changed":               `const u = new URL("http://a.test"); u.searchParams.append("k", "ä ö"); u.pathname = "/p q"; eq(u.toString(), "http://a.test/p%20q?k=%C3%A4+%C3%B6")`,
		"URL invalid":               `let e; try { new URL("nonsense"); } catch (x) { e = x; } eq(e instanceof TypeError, true)`,
		"URL of unicode hosts":      `eq(new URL("http://mañana.com/").host, "xn--maana-pta.com")`,
		"URLSearchParams":           `const p = new URLSearchParams("a=1&b=2&a=3"); p.delete("b"); p.set("c", "&="); eq(String(p), "a=1&a=3&c=%26%3D"); eq([...p.keys()], ["a", "a", "c"]); p.sort(); eq(p.has("a"), true)`,
		"TextEncoder":               `eq(hex(new TextEncoder().encode("a€😀\ud800")), "61e282acf09f9880efbfbd"); eq(new TextEncoder().encodeInto("€€", new Uint8Array(4)), {read: 1, written: 3})`,
		"TextDecoder":               `eq(new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])), "a\ufffd"); eq(new TextDecoder("utf-16le").decode(new Uint8Array([0x61, 0])), "a"); eq(new TextDecoder("latin1").encoding, "windows-1252")`,
		"TextDecoder fatal":         `let e; try { new TextDecoder("utf-8", {fatal: true}).decode(new Uint8Array([0xff])); } catch (x) { e = x; } eq(e instanceof TypeError, true); try { new TextDecoder("nope"); } catch (x) { e = x; } eq(e instanceof RangeError, true)`,
		"atob and btoa":             `eq(btoa("\u0000\u00ff~"), "AP9+"); eq(atob("AP9+"), "\u0000\u00ff~"); eq(atob(" YQ== "), "a")`,
		"structuredClone":           `const a = {d: new Date(5), r: /x/gi, m: new Map([[{k: 1}, new Set([1])]]), b: new Uint8Array([1, 2]), n: [undefined, null, NaN], e: new RangeError("x")}; a.self = a; const b = structuredClone(a); eq(b !== a && b.self === b, true); eq(b.d.getTime(), 5); eq(String(b.r), "/x/gi"); eq([...b.m.values()][0].has(1), true); eq([...b.b], [1, 2]); eq(b.e instanceof RangeError, true)`,
		"structuredClone refuses":   `for (const v of [() => 1, Symbol("x"), {f() {}}, Promise.resolve(), new WeakMap()]) { let e; try { structuredClone(v); } catch (x) { e = x; } eq(e.name, "DataCloneError"); eq(e.code, 25); }`,
		"random":                    `const a = new Uint32Array(4); eq(crypto.getRandomValues(a), a); eq(a.some((x) => x > 0), true); eq(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/.test(crypto.randomUUID()), true)`,
		"digest":                    `eq(hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); eq(hex(await crypto.subtle.digest({name: "SHA-1"}, new Uint8Array(0))), "da39a3ee5e6b4b0d3255bfef95601890afd80709"); eq((await crypto.subtle.digest("SHA-512", Buffer.from("x"))).byteLength, 64); eq((await crypto.subtle.digest("sha-384", Buffer.from("x"))).byteLength, 48)`,
		"digest of nonsense":        `let e; await crypto.subtle.digest("ROT13", new Uint8Array(1)).catch((x) => { e = x; }); eq(/ROT13/.test(e.message), true)`,
		"HMAC":                      `const k = await crypto.subtle.importKey("raw", new TextEncoder().encode("Jefe"), {name: "HMAC", hash: "SHA-256"}, false, ["sign", "verify"]); const s = await crypto.subtle.sign("HMAC", k, new TextEncoder().encode("what do ya want for nothing?")); eq(hex(s), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"); eq(await crypto.subtle.verify("HMAC", k, s, new TextEncoder().encode("what do ya want for nothing?")), true); eq(await crypto.subtle.verify("HMAC", k, s, new Uint8Array(1)), false)`,
		"keys":                      `const k = await crypto.subtle.generateKey({name: "HMAC", hash: {name: "SHA-512"}}, true, ["sign"]); eq((await crypto.subtle.exportKey("raw", k)).byteLength, 128); let e; const l = await crypto.subtle.importKey("raw", new Uint8Array(3), {name: "HMAC", hash: "SHA-1"}, false, []); await crypto.subtle.exportKey("raw", l).catch((x) => { e = x; }); eq(e.name, "InvalidAccessError"); await crypto.subtle.encrypt({}, k, new Uint8Array(1)).catch((x) => { e = x; }); eq(e.name, "NotSupportedError"); eq(JSON.stringify(k).includes("raw"), false)`,
		"Blob and File":             `const b = new Blob(["a€", new Uint8Array([98])], {type: "Text/Plain"}); eq([b.size, b.type, await b.text()], [5, "text/plain", "a€b"]); eq(await b.slice(0, 1).text(), "a"); const f = new File([b], "n.txt"); eq([f.name, f.size], ["n.txt", 5]); eq((await f.arrayBuffer()).byteLength, 5)`,
		"Buffer":                    `eq(Buffer.from("äöü").length, 6); eq(Buffer.from([1, 2, 3]).readUInt16BE(1), 515); eq(Buffer.from("ff00", "hex").toString("base64"), "/wA="); eq(Buffer.isBuffer(Buffer.alloc(1)), true); eq(Buffer.compare(Buffer.from("a"), Buffer.from("b")), -1)`,
		"queueMicrotask":            `const seen = []; setTimeout(() => seen.push("t"), 0); queueMicrotask(() => seen.push("m")); await new Promise((r) => setTimeout(r, 5)); eq(seen, ["m", "t"])`,
		"numbers by locale":         `eq((1234567.891).toLocaleString(), "1,234,567.891"); eq((0.256).toLocaleString("en-US", {style: "percent"}), "26%"); eq(new Intl.NumberFormat("en-US", {style: "currency", currency: "USD"}).format(12.5), "$12.50"); eq(123456789n.toLocaleString("en-US"), "123,456,789")`,
		"dates by locale":           `const d = new Date(Date.UTC(2024, 1, 29, 15, 4, 5)); eq(d.toLocaleDateString("en-US", {timeZone: "UTC"}), "2/29/2024"); eq(new Intl.DateTimeFormat("en-US", {dateStyle: "long", timeZone: "America/New_York"}).format(d), "February 29, 2024"); eq(typeof d.toLocaleString(), "string"); eq(typeof d.toLocaleTimeString(), "string")`,
		"localeCompare":             `eq(["ä", "a", "z", "Z", "b", "B", "_", "1", "é", "e"].sort((a, b) => a.localeCompare(b)), ["_", "1", "a", "ä", "b", "B", "e", "é", "z", "Z"])`,
		"localeCompare by options":  `eq("a".localeCompare("A", undefined, {sensitivity: "base"}), 0); eq("a".localeCompare("á", undefined, {sensitivity: "base"}), 0); eq("a".localeCompare("á", undefined, {sensitivity: "accent"}), -1); eq(["a10", "a9"].sort((a, b) => a.localeCompare(b, undefined, {numeric: true})), ["a9", "a10"])`,
		"collators":                 `eq(["b", "a", "C"].sort(new Intl.Collator().compare), ["a", "b", "C"]); eq(new Intl.Collator("en", {numeric: true}).compare("2", "10"), -1); eq(new Intl.Collator().resolvedOptions().locale, "en-US")`,
		"locales before Intl":       `const f = Date.prototype.toLocaleDateString; eq(f.call(new Date(0), "en-US", {timeZone: "UTC"}), "1/1/1970")`,
		"WeakRef and finalizers":    `const kept = {}; eq(new WeakRef(kept).deref(), kept); eq(typeof FinalizationRegistry, "function")`,
		"errors of many":            `let e; try { await Promise.any([Promise.reject(1), Promise.reject(2)]); } catch (x) { e = x; } eq([e.name, e.errors], ["AggregateError", [1, 2]])`,
		"modern lists":              `eq(Object.groupBy([1, 2, 3], (x) => (x % 2 ? "odd" : "even")), {odd: [1, 3], even: [2]}); eq([3, 1].toSorted(), [1, 3]); eq(new Set([1, 2]).union(new Set([3])).size, 3); eq([1, 2].at(-1), 2)`,
		"console shows values":      `console.log([1, "a", null], {a: {b: {c: {d: 1}}}}, new Map([["k", 1]]), new Set(["v"]), Symbol("s"), 5n, -0, new Uint8Array(3), class A {}, () => 1, new (class B { x = 1 })(), Object.create(null), [undefined], new Error("e"), {get g() { return 1; }}, "it's")`,
		"the error of an async one": `let e; await (async () => { throw new URIError("u"); })().catch((x) => { e = x; }); eq(e.name, "URIError")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := script.New(script.Options{})
			require.NoError(t, err)
			defer s.Close()
			out := s.Run(t.Context(), input(prelude+"\n"+source))
			require.Nil(t, out.Error, "%+v", out.Error)
			if name == "console shows values" {
				require.Equal(t, []string{
					"[ 1, 'a', null ]", "{ a: { b: { c: [Object] } } }", "Map(1) { 'k' => 1 }", "Set(1) { 'v' }", "Symbol(s)", "5n", "-0", "Uint8Array(3) [ 0, 0, 0 ]",
					"[class A]", "[Function (anonymous)]", "B { x: 1 }", "[Object: null prototype] {}", "[ undefined ]", "Error: e", "{ g: [Getter] }", "it's",
				}, out.Console[0].Args)
			}
		})
	}
}
