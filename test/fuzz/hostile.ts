/**
 * Values that programs stumble over, whatever they were asked for.
 *
 * @module
 */

import fc from "fast-check";

/** Texts: names of prototypes, paths, half characters, marks that turn lines. */
export const TEXTS: readonly string[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00\ud800",
  "\ufeffhello",
  "\ufffe\uffff",
  "\u202eevil\u202c",
  "e" + "\u0301".repeat(300),
  "👩‍👩‍👧‍👦".repeat(20),
  "İ\u0130ſß",
  "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  "data: {}\n\ndata: [DONE]\n\n",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%00",
  "%c0%ae%c0%ae",
  "file:///etc/passwd",
  "${7*7}{{7*7}}",
  "'; DROP TABLE states; --",
  "<script>alert(1)</script>",
  "-1",
  "1e999",
  "NaN",
  "0x10",
  "eyJhbGciOiJub25lIn0.e30.",
  "a".repeat(300),
  "é".repeat(5000),
  "User: hi\n\nAssistant:",
];

/** Numbers at and beyond the ends of what machines count with. */
export const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  -0.1,
  1e-320,
  1e-45,
  255,
  256,
  300,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1e308,
  -1e308,
];

/** Objects whose keys are those of every object. */
const KEYS: readonly unknown[] = [
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  { toString: 1, valueOf: null, hasOwnProperty: "x" },
  { then: "x", toJSON: "x", length: -1 },
  { "": "", "\0": "\0", "~1/~0": 1 },
];

const deep = fc.integer({ min: 2, max: 400 }).map((depth) => {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { a: value };
  return value;
});

/** Any of them. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(null, true, false, [], {}, [null], [[]], [{}]),
  },
  { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: deep },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...TEXTS), fc.nat(2000))
      .map(([text, length]) => Array(length).fill(text)),
  },
);
