// Bundles the npm libraries that collection scripts may require into
// postman/script/bundle/<name>.js, one function body each: (exports, require,
// module, process, global, JSON). The binary embeds them; a script that requires one
// loads it then. Run by `make bundle`, after `npm ci`.
import { build } from "esbuild";
import { createRequire } from "node:module";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { runInNewContext } from "node:vm";

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
  "http-reasons": "http-reasons",
  "liquid-json": "liquid-json",
  lodash: "lodash",
  lodash3: "lodash3",
  moment: "moment",
  path: "path-browserify",
  "postman-collection": "postman-collection",
  punycode: "punycode/",
  querystring: "querystring-es3",
  stream: "stream-browserify",
  string_decoder: "string_decoder/",
  "postman-sandbox": "postman-sandbox/.cache/bootcode.browser.js",
  sugar: "postman-sandbox/lib/vendor/sugar.js",
  "teleport-javascript": "teleport-javascript",
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

// chai makes an assertion of every word of a chain. It stays so, in fewer steps: the
// flags of one are seen through by the next instead of copied. A flag that is set
// later goes into a new layer, so that those made before don't see it.
const derive = `var newAssertion = Object.create(chai.Assertion.prototype);
        newAssertion.__flags = Object.create(this.__flags);
        return newAssertion;`;
const derived = [/var newAssertion = new chai\.Assertion\(\);\s*transferFlags\(this, newAssertion\);\s*return newAssertion;/g, derive];
// Where a stack trace is to begin is noted at every step; QuickJS has no such traces.
const ssfi = [/if \(!flag\(this, 'lockSsfi'\)\) \{\s*flag\(this, 'ssfi', \w+\);\s*\}/, ""];
const chaiPatches = {
  // chai.assert is large and seldom used: it is made when somebody looks at it.
  "../chai.js": [[/var assert = require\('\.\/chai\/interface\/assert'\);\s*exports\.use\(assert\);/,
    "Object.defineProperty(exports, 'assert', { configurable: true, enumerable: true, get: function () { Object.defineProperty(exports, 'assert', { value: undefined, writable: true, configurable: true, enumerable: true }); exports.use(require('./chai/interface/assert')); return exports.assert; } });"]],
  "config.js": [[/useProxy: true/, "useProxy: false"]],
  "assertion.js": [
    [/flag\(this, 'ssfi', ssfi \|\| Assertion\);\s*flag\(this, 'lockSsfi', lockSsfi\);\s*flag\(this, 'object', obj\);\s*flag\(this, 'message', msg\);\s*flag\(this, 'eql', config\.deepEqual \|\| util\.eql\);/,
      "this.__flags = { __proto__: null, ssfi: ssfi || Assertion, lockSsfi: lockSsfi, object: obj, message: msg, eql: config.deepEqual || util.eql };"],
    [/var ok = util\.test\(this, arguments\);/, "if (this.__flags.negate ? !expr : expr) return;\n    var ok = util.test(this, arguments);"],
    [/_chai\.Assertion = Assertion;/, "_chai.Assertion = Assertion;\n  Object.setPrototypeOf(Assertion.prototype, util.proxify.guard(Object.prototype));"],
  ],
  "utils/flag.js": [[/flags\[key\] = value;/, "(obj.__flags = Object.create(flags))[key] = value;"]],
  "utils/addMethod.js": [derived, ssfi],
  "utils/addProperty.js": [derived, [/if \(!isProxyEnabled\(\) && !flag\(this, 'lockSsfi'\)\)/, "if (false)"]],
  "utils/addChainableMethod.js": [derived, ssfi,
    [/addLengthGuard\(chainableMethodWrapper, name, true\);/, ""],
    [/transferFlags\(this, chainableMethodWrapper\);/, "chainableMethodWrapper.__flags = Object.create(this.__flags);"]],
  "utils/overwriteMethod.js": [derived],
  "utils/overwriteProperty.js": [derived],
  "utils/overwriteChainableMethod.js": [[/var newAssertion = new chai\.Assertion\(\);\s*transferFlags\(this, newAssertion\);\s*return newAssertion;/g, derive]],
};
// chai-postman asserts first what it is asserted of: nearly always a response.
const chaiPostmanPatches = [
  [/new Assertion\(this\._obj\)\.to\.be\.postmanResponse;/g, "sdk.Response.isResponse(this._obj) || new Assertion(this._obj).to.be.postmanResponse;"],
  [/new Assertion\(this\._obj\)\.to\.have\.property\('(\w+)'\);/g, "this._obj && '$1' in Object(this._obj) || new Assertion(this._obj).to.have.property('$1');"],
  [/new Assertion\(this\._obj\.(\w+)\)\.to\.be\.a\('(\w+)'\);/g, "typeof this._obj.$1 === '$2' || new Assertion(this._obj.$1).to.be.a('$2');"],
];
const patched = async (file, list) => {
  let contents = await readFile(file, "utf8");
  for (const [from, to] of list) {
    if (contents.search(from) < 0) throw new Error(`scripts/bundle.mjs: ${file} has no ${from}`);
    contents = contents.replace(from, to);
  }
  return { contents };
};
const patches = {
  name: "patches",
  setup(b) {
    b.onLoad({ filter: /[\\/]chai[\\/]lib[\\/]chai[\\/]utils[\\/]proxify\.js$/ }, async (a) => ({
      contents: await readFile(path.join(root, "scripts/chai-guard.js"), "utf8"), resolveDir: path.dirname(a.path),
    }));
    b.onLoad({ filter: /[\\/]chai[\\/]lib[\\/]chai\.js$/ }, (a) => patched(a.path, chaiPatches["../chai.js"]));
    b.onLoad({ filter: /[\\/]chai[\\/]lib[\\/]chai[\\/].*\.js$/ }, async (a) => {
      const name = a.path.split(/[\\/]/).slice(a.path.split(/[\\/]/).lastIndexOf("chai") + 1).join("/");
      if (!(name in chaiPatches)) return undefined;
      return patched(a.path, chaiPatches[name]);
    });
    b.onLoad({ filter: /[\\/]chai-postman[\\/]lib[\\/]index\.js$/ }, (a) => patched(a.path, chaiPostmanPatches));
  },
};

// loupe asks Node's util for a symbol that the npm package has not.
const noUtil = {
  name: "no-util",
  setup(b) {
    b.onResolve({ filter: /^util$/ }, (a) => ({ path: a.path, namespace: "empty" }));
    b.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {};" }));
  },
};

// Postman's sandbox is a program as text, which is taken as it is; it defines the
// require that scripts have.
const sandboxFile = path.join(root, "node_modules/postman-sandbox/.cache/bootcode.browser.js");
const sandboxCode = () => new Promise((done, fail) => {
  createRequire(import.meta.url)(sandboxFile)((error, code) => { if (error) fail(error); else done(code + "\nmodule.exports = require;"); });
});

const bundle = async (name, from) => {
  if (name === "postman-sandbox") return sandboxCode();
  const result = await build({
    entryPoints: [name === "sugar" ? sugarFile : resolve(from)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "browser",
    mainFields: ["main", "module"],
    target: "es2023",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    external: shared.filter((s) => s !== name && !(name === "chai" && s === "util")),
    define: { "process.env.NODE_ENV": '"production"', "process.env.NODE_DEBUG": "undefined" },
    plugins: name === "chai" ? [noUtil, patches, stubs] : [patches, stubs],
    logLevel: "error",
  });
  const strict = name === "chai" || name === "chai-postman" ? '"use strict";' : "";
  if (name === "sugar") return `/*${await sugarNames()}*/\n` + result.outputFiles[0].text;
  return strict + result.outputFiles[0].text;
};

// Postman's sandbox has an old Sugar, which adds methods to the built-in types. It
// is loaded when a script uses one: its first line says which there are.
const sugarFile = path.join(root, "node_modules/postman-sandbox/lib/vendor/sugar.js");
const sugarNames = async () => {
  const source = JSON.stringify(await readFile(sugarFile, "utf8"));
  return runInNewContext(`{
    const types = { String, Array, Object, Number, Date, RegExp, Function };
    const own = (o) => Object.getOwnPropertyNames(o);
    const all = () => Object.fromEntries(Object.entries(types).flatMap(([n, t]) => [[n + ".prototype", own(t.prototype)], [n, own(t)]]));
    const before = all();
    (0, eval)(${source});
    JSON.stringify(Object.fromEntries(Object.entries(all()).map(([n, names]) => [n, names.filter((k) => !before[n].includes(k) && !k.startsWith("sugar") && k !== "SugarMethods")])));
  }`);
};

await mkdir(out, { recursive: true });
const wanted = new Set();
for (const [name, from] of Object.entries(modules)) {
  const file = path.join(out, name.replaceAll("/", "__") + ".js");
  wanted.add(file);
  await writeFile(file + ".tmp", await bundle(name, from));
  await rename(file + ".tmp", file); // a build that goes on meanwhile sees the old one or the new one
}
for (const f of await readdir(out)) {
  if (f.endsWith(".js") && !wanted.has(path.join(out, f))) await rm(path.join(out, f));
}
console.log(`bundled ${wanted.size} libraries into ${path.relative(root, out)}`);
