// Comparison of texts as people expect it: QuickJS compares code units. Close to
// the root collation: letters first without regard to accents and case, then by
// accents, then small letters before capitals.
const rank = (c) => (/\s/u.test(c) ? 0 : /[_\-,;:!?.'"()[\]{}@*/\\&#%]/.test(c) ? 1 : /\p{N}/u.test(c) ? 3 : /\p{L}/u.test(c) ? 4 : 2);
const punctuation = "_-,;:!?.'\"()[]{}@*/\\&#%";
const compareUnits = (a, b) => {
  const ra = rank(a), rb = rank(b);
  if (ra !== rb) return ra - rb;
  if (ra === 1) return punctuation.indexOf(a) - punctuation.indexOf(b);
  return a < b ? -1 : a > b ? 1 : 0;
};
const pieces = (s, numeric) => (numeric ? s.match(/\d+|[^\d]/gu) || [] : [...s]);
const compareLists = (a, b, numeric) => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const n = numeric && /^\d/.test(a[i]) && /^\d/.test(b[i]) ? Number(a[i]) - Number(b[i]) : compareUnits(a[i], b[i]);
    if (n !== 0) return n;
  }
  return a.length - b.length;
};
const marks = /\p{M}+/gu;
const collate = (a, b, { sensitivity = "variant", numeric = false, caseFirst = "false" } = {}) => {
  if (a === b) return 0;
  a = a.normalize("NFD");
  b = b.normalize("NFD");
  const base = (s) => s.replace(marks, "").toLowerCase();
  let n = compareLists(pieces(base(a), numeric), pieces(base(b), numeric), numeric);
  if (n === 0 && (sensitivity === "variant" || sensitivity === "accent")) {
    const accents = (s) => (s.match(marks) || []).join("");
    n = accents(a) < accents(b) ? -1 : accents(a) > accents(b) ? 1 : 0;
  }
  if (n === 0 && (sensitivity === "variant" || sensitivity === "case")) {
    for (let i = 0; n === 0 && i < a.length; i++) if (a[i] !== b[i]) n = (a[i] === a[i].toLowerCase() ? -1 : 1) * (caseFirst === "upper" ? -1 : 1);
  }
  return Math.sign(n);
};
const plainText = /^[a-z0-9]*$/;
hidden(String.prototype, "localeCompare", function localeCompare(that, locales, options) {
  const a = String(this), b = String(that);
  if (options === undefined && plainText.test(a) && plainText.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return collate(a, b, options);
});

// Intl takes long to set up: it is when somebody asks for it, or formats a number
// or a date by it.
const localized = [[Date.prototype, ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]], [Number.prototype, ["toLocaleString"]], [BigInt.prototype, ["toLocaleString"]]];
const setUpIntl = () => {
  delete globalThis.Intl;
  for (const [proto, names] of localized) for (const name of names) delete proto[name];
  hostIntl();
  const { Intl } = globalThis;
  hidden(Intl, "Collator", class Collator {
    #options;
    constructor(locales, options = {}) {
      this.#options = options;
      hidden(this, "compare", (a, b) => collate(String(a), String(b), options));
    }
    resolvedOptions() { return { locale: "en-US", usage: "sort", sensitivity: "variant", ignorePunctuation: false, collation: "default", numeric: false, caseFirst: "false", ...this.#options }; }
  });
  return Intl;
};
lazy("Intl", setUpIntl);
for (const [proto, names] of localized) {
  for (const name of names) {
    hidden(proto, name, function (...args) {
      setUpIntl();
      return proto[name].apply(this, args);
    });
  }
}
