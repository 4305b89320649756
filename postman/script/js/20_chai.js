// Assertions: chai with Postman's own (to.have.status, jsonBody, …). The bundle's
// chai has no proxies around each assertion, which cost a lot in this engine: one
// at the end of the prototype chain says what is no assertion.
let theChai = null;
const chai = () => {
  if (theChai !== null) return theChai;
  const c = load("chai");
  c.use(load("chai-postman")(sdkShape, lodashShape, function Ajv(o) { return new (load("ajv"))(o); }));
  theChai = c;
  return c;
};

// asserting gives a request or response of the collection its .to.
const asserting = (o) => defineProperty(o, "to", { get() { return chai().expect(this).to; }, enumerable: false, configurable: true });

// What the assertions ask about requests and responses, without loading the
// libraries that they come from.
const named = (what) => (v) => Boolean(v) && Boolean(v.constructor) && v.constructor._postman_propertyName === what;
const sdkShape = { Request: { isRequest: named("Request") }, Response: { isResponse: named("Response") } };
const lodashShape = new Proxy({
  forOwn: (o, f) => { for (const k of keys(o)) f(o[k], k); },
  isNumber: (v) => typeof v === "number" || v instanceof Number,
  isString: (v) => isString(v) || v instanceof String,
  isPlainObject: (v) => isObject(v) && [Object.prototype, null].includes(getPrototypeOf(v)),
}, { get: (own, name) => own[name] || load("lodash")[name] });
