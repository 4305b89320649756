// Counts tests in the output of `go test -json`: each test without subtests once,
// and a package that fails by itself (it does not build, or panics) as one failure.
//
//   node .ci/count.mjs NAME=FILE...
//
// Prints "passed failed skipped" to standard output; to standard error, what
// failed with its output, what was skipped, and the slowest tests.
import { readFileSync } from "node:fs";

const total = { pass: 0, fail: 0, skip: 0 };

for (const arg of process.argv.slice(2)) {
  const [stage, path] = arg.split("=");
  const tests = new Map(); // "package test" -> { action, elapsed, output }
  const packages = new Map(); // package -> the same
  for (const e of events(path)) record(e, tests, packages);
  report(stage, tests, packages);
}
console.log(total.pass, total.fail, total.skip);

function* events(path) {
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (!line.startsWith("{")) continue; // make's own lines
    try {
      yield JSON.parse(line);
    } catch {
      // a line that was cut when the test process was killed
    }
  }
}

function record(e, tests, packages) {
  const owner = e.Test ? at(tests, `${e.Package} ${e.Test}`) : at(packages, e.Package ?? e.ImportPath.split(" ")[0]);
  if (e.Action === "output" || e.Action === "build-output") owner.output.push(e.Output);
  if (["pass", "fail", "skip"].includes(e.Action)) Object.assign(owner, { action: e.Action, elapsed: e.Elapsed });
  if (e.Action === "build-fail") owner.action = "fail";
}

function at(map, key) {
  if (!map.has(key)) map.set(key, { action: "fail", output: [] }); // what never ends has failed
  return map.get(key);
}

function report(stage, tests, packages) {
  const below = new Map(); // parent -> actions of its subtests
  for (const [name, t] of tests) {
    for (let cut = name.lastIndexOf("/"); cut > name.indexOf(" "); cut = name.lastIndexOf("/", cut - 1)) {
      at(below, name.slice(0, cut)).output.push(t.action);
    }
  }
  // A parent counts only where it failed by itself.
  const counted = [...tests].filter(([name, t]) => {
    const subtests = below.get(name)?.output;
    return !subtests || (t.action === "fail" && !subtests.includes("fail"));
  });
  for (const [name, t] of counted) {
    total[t.action]++;
    if (t.action === "fail") console.error(`\n--- ${stage}: FAILED ${name}\n${t.output.join("")}`);
    if (t.action === "skip") console.error(`--- ${stage}: SKIPPED ${name}: ${t.output.slice(1, -1).join("").trim()}`);
  }
  const known = new Set(counted.filter(([, t]) => t.action === "fail").map(([name]) => name.split(" ")[0]));
  for (const [name, p] of packages) {
    if (p.action !== "fail" || known.has(name)) continue;
    total.fail++;
    console.error(`\n--- ${stage}: FAILED package ${name}\n${p.output.join("")}`);
  }
  const slowest = counted.filter(([, t]) => t.elapsed > 1).sort((a, b) => b[1].elapsed - a[1].elapsed).slice(0, 5);
  for (const [name, t] of slowest) console.error(`    ${stage}: ${t.elapsed.toFixed(1)} s  ${name}`);
}
