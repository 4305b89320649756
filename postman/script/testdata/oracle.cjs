// Runs scripts in Postman's own sandbox (npm postman-sandbox, as newman has it)
// and prints what they did. Input: JSON on stdin, {areas: [{name, cases: [...]}]}.
// Each area has a sandbox of its own, as each run has in newman.
"use strict";
const sandbox = require("postman-sandbox");
const { MemoryCookieStore, CookieJar, Cookie } = require("@postman/tough-cookie");

let rejected = null;
process.on("unhandledRejection", (e) => { if (rejected) rejected.push(e); });

const plain = (e) => {
  if (e === undefined) return null;
  if (e === null || typeof e !== "object") return { Name: "", Message: "" };
  return { Name: e.name === undefined ? "" : String(e.name), Message: e.message === undefined ? "" : String(e.message) };
};

// The answers of the fake network; corpus_test.go has the same.
const answer = (request) => {
  const url = typeof request.url === "string" ? request.url : sdkURL(request.url);
  if (url.includes("refused")) return [{ code: "ECONNREFUSED", message: "connect ECONNREFUSED" }];
  const echo = { url, method: request.method, header: request.header || [], body: request.body || null };
  return [null, {
    code: 200, status: "OK", responseTime: 5,
    header: [{ key: "Content-Type", value: "application/json" }, { key: "Set-Cookie", value: "sid=s1; Path=/" }],
    stream: { type: "Buffer", data: [...Buffer.from(JSON.stringify(echo))] },
  }];
};
const { Url } = require("postman-collection");
const sdkURL = (u) => new Url(u).toString();

const values = (scope) => {
  const out = [];
  for (const v of (scope && (scope.values || scope)) || []) if (!v.disabled) out.push([v.key, v.value === undefined ? null : v.value]);
  return out;
};

const execute = (context, jar, c) => new Promise((done) => {
  const id = `x${++execute.n}`;
  const out = { Assertions: [], Console: [], Errors: [], Next: null, Skip: false };
  rejected = [];
  const cursor = { iteration: c.iteration, cycles: c.cycles, ref: id };
  const on = {
    console: (cur, level, ...args) => { if (cur.execution === id) out.Console.push({ Level: level, Args: args.map((a) => (typeof a === "string" ? a : null)) }); },
    "execution.assertion": (cur, list) => { if (cur.execution === id) for (const a of list) out.Assertions.push({ Name: a.name, Skipped: a.skipped, Error: a.passed ? null : plain(a.error) || { Name: "", Message: "" } }); },
    "execution.error": (cur, e) => { if (cur.execution === id) out.Errors.push(plain(e) || { Name: "", Message: "" }); },
    [`execution.skipRequest.${id}`]: () => { out.Skip = true; },
    [`execution.request.${id}`]: (cur, i, requestID, request) => {
      const [error, response] = answer(request);
      setImmediate(() => context.dispatch(`execution.response.${i}`, requestID, error, response, response && { cookies: [{ name: "sid", value: "s1", path: "/" }] }));
    },
    [`execution.cookies.${id}`]: (event, action, method, args) => {
      if (method === "putCookie") args[0] = Cookie.fromJSON(args[0]);
      if (method === "updateCookie") { args[0] = Cookie.fromJSON(args[0]); args[1] = Cookie.fromJSON(args[1]); }
      args.push((e, r) => context.dispatch(`execution.cookies.${id}`, event, e instanceof Error ? e.message : e, r));
      jar.store[method](...args);
    },
  };
  for (const name of Object.keys(on)) context.on(name, on[name]);
  const cookies = jar.getCookiesSync(c.url || "http://example.test/").map((k) => ({ name: k.key, value: k.value, domain: k.domain, path: k.path, httpOnly: k.httpOnly, secure: k.secure }));
  const ctx = { globals: c.globals, environment: c.environment, collectionVariables: c.collectionVariables, _variables: c.variables, data: c.data, cookies, request: c.request };
  if (c.phase === "test") ctx.response = c.response || undefined;
  context.execute({ listen: c.phase, script: { exec: c.source.split("\n") } }, {
    id, cursor, timeout: 5000, context: ctx,
    legacy: { _itemId: c.requestId, _itemName: c.requestName, _itemPath: c.location.slice(), _eventItemName: c.location[c.location.length - 1] },
  }, (error, result) => setTimeout(() => {
    for (const name of Object.keys(on)) context.removeListener(name, on[name]);
    out.Error = error ? plain(error) : rejected.length > 0 ? plain(rejected[0]) || { Name: "", Message: "" } : out.Errors[0] || null;
    out.Rejected = rejected.length > 0;
    rejected = null;
    if (result) {
      if (result.return && "nextRequest" in result.return && result.return.nextRequest !== undefined) out.Next = result.return.nextRequest === null ? "<stop>" : result.return.nextRequest;
      for (const k of ["environment", "globals", "collectionVariables", "_variables"]) out[k] = values(result[k]);
      if (c.phase === "prerequest") out.Request = new (require("postman-collection").Request)(result.request).toJSON();
    }
    done(out);
  }, 5));
});
execute.n = 0;

const runArea = (area) => new Promise((done, fail) => sandbox.createContext({}, async (error, context) => {
  if (error) { fail(error); return; }
  const out = [];
  for (const c of area.cases) {
    if (process.env.ORACLE_TRACE) process.stderr.write(`${area.name}: ${c.source.slice(0, 60).replaceAll("\n", " ")}\n`);
    const jar = new CookieJar(new MemoryCookieStore(), { rejectPublicSuffixes: false, looseMode: true });
    for (const [url, text] of c.jar || []) jar.setCookieSync(text, url);
    out.push(await execute(context, jar, c));
  }
  context.dispose();
  done(out);
}));

let text = "";
process.stdin.on("data", (d) => { text += d; }).on("end", async () => {
  const out = [];
  for (const area of JSON.parse(text).areas) out.push(await runArea(area));
  process.stdout.write(JSON.stringify(out), () => process.exit(0));
});
