// Assertions: chai with Postman's own (to.have.status, jsonBody, …). chai's
// proxies cost a lot in this engine; they are off, and an unknown property is
// still an error through one proxy at the end of the prototype chain.
let __chai = null;
const chai = () => {
  if (__chai) return __chai;
  const c = __require("chai");
  c.config.useProxy = false;
  c.use(__require("chai-postman")(sdkShape, lodashShape, function Ajv(o) { return new (__require("ajv"))(o); }));
  const proto = c.Assertion.prototype;
  Object.setPrototypeOf(proto, new Proxy(Object.prototype, {
    get(target, property, receiver) {
      if (typeof property !== "string" || property in target || property === "__flags" || property === "then" || property === "toJSON" || property === "inspect") return Reflect.get(target, property, receiver);
      throw new Error(`Invalid Chai property: ${property}`);
    },
  }));
  __chai = c;
  return c;
};

// What the assertions ask about requests and responses, without loading the
// libraries that they come from.
const named = (what) => (v) => Boolean(v) && (v instanceof PicketResponse ? "Response" : v.constructor && v.constructor._postman_propertyName) === what;
const sdkShape = { Request: { isRequest: named("Request") }, Response: { isResponse: named("Response") } };
const lodashShape = new Proxy({
  forOwn: (o, f) => { for (const k of Object.keys(o)) f(o[k], k); },
  isNumber: (v) => typeof v === "number" || v instanceof Number,
  isString: (v) => typeof v === "string" || v instanceof String,
  isPlainObject: (v) => v !== null && typeof v === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(v)),
}, { get: (own, name) => own[name] || __require("lodash")[name] });
