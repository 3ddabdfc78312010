import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Utf8Stream } from "../../src/text/utf8_stream.ts";

Deno.test("Utf8Stream.push() holds back what is unfinished", () => {
  const stream = new Utf8Stream();
  const bytes = new TextEncoder().encode("é世😀");
  const texts = Array.from(bytes, (byte) => stream.push(Uint8Array.of(byte)));
  assertEquals(texts, ["", "é", "", "", "世", "", "", "", "😀"]);
  assertEquals(stream.end(), "");
});

Deno.test("Utf8Stream goes on from another stream's pending bytes", () => {
  const bytes = new TextEncoder().encode("a😀b");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const first = new Utf8Stream();
    const text = first.push(bytes.slice(0, cut));
    const second = new Utf8Stream(first.pending);
    assertEquals(text + second.push(bytes.slice(cut)), "a😀b");
    assertEquals(second.pending.length, 0);
  }
});

Deno.test("Utf8Stream.push() does not wait after what is no UTF-8", () => {
  for (
    const bytes of [
      [0x80],
      [0xc0],
      [0xc1],
      [0xf5],
      [0xff],
      [0xe0, 0x9f],
      [0xed, 0xa0],
      [0xf0, 0x8f],
      [0xf4, 0x90],
      [0xe4, 0xb8, 0x41],
    ]
  ) {
    const stream = new Utf8Stream();
    stream.push(Uint8Array.from(bytes));
    assertEquals(stream.pending.length, 0, String(bytes));
  }
});

Deno.test("Utf8Stream.end() shows that a character is unfinished", () => {
  const stream = new Utf8Stream(Uint8Array.of(0xf0, 0x9f));
  assertEquals(stream.end(), "\ufffd");
  assertEquals(stream.pending, new Uint8Array());
});

Deno.test("Utf8Stream keeps a byte order mark", () => {
  const stream = new Utf8Stream();
  assertEquals(stream.push(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), "\ufeffA");
});

Deno.test("Utf8Stream says what one decoder would, however bytes are cut", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc.string({ unit: "binary", maxLength: 12 })
      .map((text) => new TextEncoder().encode(text)),
    // Bytes near the borders of UTF-8 come together more often than chance.
    fc.array(
      fc.constantFrom(
        0x41,
        0x80,
        0x8f,
        0x9f,
        0xa0,
        0xbf,
        0xc2,
        0xe0,
        0xed,
        0xf0,
        0xf4,
      ),
      { maxLength: 16 },
    ).map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(5)), (all, cuts) => {
      const whole = new TextDecoder("utf-8", { ignoreBOM: true });
      let stream = new Utf8Stream(), text = "", at = 0;
      for (const cut of [...cuts, all.length]) {
        text += stream.push(all.slice(at, at + cut));
        at += cut;
        assertEquals(stream.pending.length <= 3, true);
        stream = new Utf8Stream(stream.pending);
      }
      assertEquals(text + stream.end(), whole.decode(all));
    }),
    { numRuns: 2000 },
  );
});
