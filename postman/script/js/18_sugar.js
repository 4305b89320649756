// Methods that Postman adds to the built-in types, by an old library of the name
// of Sugar. The host says which of them a script mentions; the first that is
// called loads the library.
const sugarStubs = new Map();
let sugarLoaded = false;
const loadSugar = () => {
  sugarLoaded = true;
  for (const [stub, [on, name]] of sugarStubs) if (on[name] === stub) delete on[name];
  sugarStubs.clear();
  load("sugar");
};
const sweeten = (names) => {
  if (sugarLoaded) return;
  for (const name of keys(names)) {
    for (const type of names[name]) {
      const [constructor, proto] = type.split(".");
      const on = proto ? globalThis[constructor].prototype : globalThis[constructor];
      if (owns(on, name)) continue;
      const stub = function (...args) {
        loadSugar();
        return this[name](...args);
      };
      sugarStubs.set(stub, [on, name]);
      hidden(on, name, stub);
    }
  }
};
// Texts are asked most often whether they have a part.
hidden(String.prototype, "has", function has(part) { return part instanceof RegExp ? part.test(this) : String(this).includes(String(part)); });
sugarStubs.set(String.prototype.has, [String.prototype, "has"]);
