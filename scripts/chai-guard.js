// Stands in for chai/lib/chai/utils/proxify.js in the bundle. chai puts a Proxy
// around every assertion so that a misspelt one throws; in QuickJS that costs more
// than the assertion itself. Here one Proxy stands at the end of the prototype
// chain, where only unknown names arrive.
"use strict";
var config = require("../config");
var getProperties = require("./getProperties");

var builtins = ["__flags", "__methods", "_obj", "assert"];
var far = 4;

// distance counts edits, capped.
function distance(a, b) {
  if (Math.abs(a.length - b.length) >= far) return far;
  var last = [];
  for (var j = 0; j <= b.length; j++) last.push(j);
  for (var i = 1; i <= a.length; i++) {
    var row = [i];
    for (j = 1; j <= b.length; j++) {
      row.push(Math.abs(i - j) >= far ? far : Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    last = row;
  }
  return last[b.length];
}

function invalid(assertion, property, method) {
  if (method) {
    return Error("Invalid Chai property: " + method + "." + property + '. See docs for proper usage of "' + method + '".');
  }
  var suggestion = null;
  var nearest = far;
  getProperties(assertion).forEach(function (name) {
    if (Object.prototype.hasOwnProperty.call(Object.prototype, name) || builtins.indexOf(name) !== -1) return;
    var d = distance(property, name);
    if (d < nearest) {
      suggestion = name;
      nearest = d;
    }
  });
  return Error("Invalid Chai property: " + property + (suggestion === null ? "" : '. Did you mean "' + suggestion + '"?'));
}

function guard(end, method) {
  return new Proxy(end, {
    get: function (target, property, receiver) {
      if (typeof property !== "string" || builtins.indexOf(property) !== -1 || config.proxyExcludedKeys.indexOf(property) !== -1 || Reflect.has(target, property)) {
        return Reflect.get(target, property, receiver);
      }
      throw invalid(receiver, property, method);
    },
  });
}

// proxify is called for each method when it is defined, and for each assertion.
module.exports = function proxify(object, method) {
  if (method) Object.setPrototypeOf(object, guard(Function.prototype, method));
  return object;
};
module.exports.guard = guard;
