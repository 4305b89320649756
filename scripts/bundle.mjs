// Bundles the npm libraries that collection scripts may require into
// postman/script/bundle/<name>.js, one function body each: (exports, require,
// module). The binary embeds them; a script that requires one loads it then.
// Run by `make bundle`, after `npm ci`.
import { build } from "esbuild";
import { createRequire } from "node:module";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, "postman/script/bundle");
const resolve = createRequire(path.join(root, "package.json")).resolve;

// What a script writes in require(), and where that comes from.
const modules = {
  ajv: "ajv",
  assert: "assert/",
  buffer: "buffer/",
  chai: "chai",
  "chai-postman": "chai-postman",
  cheerio: "cheerio",
  "crypto-js": "crypto-js",
  "csv-parse/lib/sync": "csv-parse/lib/sync",
  events: "events/",
  lodash: "lodash",
  moment: "moment",
  path: "path-browserify",
  "postman-collection": "postman-collection",
  punycode: "punycode/",
  querystring: "querystring-es3",
  stream: "stream-browserify",
  string_decoder: "string_decoder/",
  timers: "timers-browserify",
  tv4: "tv4",
  url: "url/",
  util: "util/",
  uuid: "uuid",
  "whatwg-url": "whatwg-url",
  xml2js: "xml2js",
};

// Shared by several: loaded once, not bundled into each.
const shared = ["assert", "buffer", "events", "lodash", "path", "punycode", "querystring", "stream", "string_decoder", "timers", "url", "util"];

// Random data for dynamic variables is made in Go; the library is large.
const stubs = {
  name: "stubs",
  setup(b) {
    b.onResolve({ filter: /^@faker-js\/faker/ }, (a) => ({ path: a.path, namespace: "stub" }));
    b.onResolve({ filter: /^(process|fs|crypto|http|https|net|tls|os|vm)$/ }, (a) => ({ path: a.path, namespace: "stub" }));
    // Whatever is read of it or called is the stub again.
    const contents = "const s = new Proxy(function () {}, { get: (f, k) => (typeof k === 'symbol' || k === 'prototype' ? f[k] : s), apply: () => s });\nmodule.exports = s;";
    b.onLoad({ filter: /.*/, namespace: "stub" }, () => ({ contents }));
  },
};

await mkdir(out, { recursive: true });
for (const f of await readdir(out)) {
  if (f.endsWith(".js")) await rm(path.join(out, f));
}
for (const [name, from] of Object.entries(modules)) {
  const result = await build({
    entryPoints: [resolve(from)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "browser",
    mainFields: ["main", "module"],
    target: "es2023",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    external: shared.filter((s) => s !== name),
    define: { "process.env.NODE_ENV": '"production"', "process.env.NODE_DEBUG": "undefined", global: "globalThis" },
    plugins: [stubs],
    logLevel: "error",
  });
  await writeFile(path.join(out, name.replaceAll("/", "__") + ".js"), result.outputFiles[0].text);
}
console.log(`bundled ${Object.keys(modules).length} libraries into ${path.relative(root, out)}`);
