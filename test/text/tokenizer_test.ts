import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { Utf8Stream } from "../../src/text/utf8_stream.ts";
import { TokenBytes } from "../../src/text/token_bytes.ts";
import { parseVocabulary } from "../../src/text/vocabulary.ts";
import {
  openVocabulary,
  worldTokenizer,
} from "../../src/text/world_tokenizer.ts";
import { WORLD_VECTORS, worldExcerpt } from "../support/world.ts";

const WORLD = new URL(
  "../../../shared/rwkv_vocab_v20230424.txt",
  import.meta.url,
);
const SOME = new URL("../../models/gosling/vocab.txt", import.meta.url);

async function open(text: string): Promise<Tokenizer> {
  return await openVocabulary(new TextEncoder().encode(text), "v.txt");
}

function decode(tokenizer: Tokenizer, tokens: readonly number[]): string {
  const stream = new Utf8Stream();
  const text = tokens.map((token) => stream.push(tokenizer.bytes(token)));
  return text.join("") + stream.end();
}

/** All single bytes, then these. */
function withBytes(...lines: string[]): string {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    const hex = byte.toString(16).padStart(2, "0");
    return String.raw`${byte + 1} b'\x${hex}' 1`;
  });
  return [...bytes, ...lines].join("\n");
}

Deno.test("openVocabulary() encodes as the World tokenizer does", async () => {
  const tokenizer = await open(await worldExcerpt());
  assertEquals(tokenizer.size, 65530);
  for (const [text, tokens] of WORLD_VECTORS) {
    assertEquals(tokenizer.encode(text), tokens, JSON.stringify(text));
    assertEquals(decode(tokenizer, tokens), text);
  }
});

Deno.test({
  name: "openVocabulary() reads the whole World vocabulary " +
    "(ignored where ../shared has no rwkv_vocab_v20230424.txt)",
  // The file is a megabyte of another project: it is tested where it is present.
  ignore: !(await exists(WORLD)),
  async fn() {
    const bytes = await Deno.readFile(WORLD);
    const tokenizer = await openVocabulary(bytes, "world");
    assertEquals(tokenizer.size, 65530);
    for (const [text, tokens] of WORLD_VECTORS) {
      assertEquals(tokenizer.encode(text), tokens, JSON.stringify(text));
    }
    for (let token = 1; token < tokenizer.size; token++) {
      const text = decode(tokenizer, [token]);
      if (text.includes("\ufffd")) continue;
      assertEquals(tokenizer.encode(text), [token]);
    }
    const crlf = new TextDecoder().decode(bytes).replaceAll("\n", "\r\n");
    assertEquals((await open(crlf)).digest, tokenizer.digest);
  },
});

async function exists(path: URL): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("openVocabulary() reads CRLF and a last line without end", async () => {
  const text = await Deno.readTextFile(SOME);
  const lf = await open(text), crlf = await open(text.replaceAll("\n", "\r\n"));
  assertEquals(lf.digest, (await open(text.trimEnd())).digest);
  assertEquals(lf.digest, crlf.digest);
  assertEquals(lf.digest.length, 32);
});

Deno.test("Tokenizer.digest tells one token from another", async () => {
  const [a, b] = [
    await open(withBytes("257 'ab' 2")),
    await open(withBytes("257 'ac' 2")),
  ];
  assert(a.digest.toHex() !== b.digest.toHex());
});

Deno.test("Tokenizer.encode() and bytes() are inverse for any text", async () => {
  const tokenizer = await open(await Deno.readTextFile(SOME));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(
      fc.constantFrom(
        "User:",
        "\n\n",
        " the",
        "Assistant",
        "  ",
        "é",
        "😀",
        "th",
      ),
    ).map((parts) => parts.join("")),
  );
  fc.assert(fc.property(text, (text) => {
    const tokens = tokenizer.encode(text);
    assert(tokens.every((token) => token > 0 && token < tokenizer.size));
    assertEquals(decode(tokenizer, tokens), text.toWellFormed());
  }));
});

Deno.test("Tokenizer.encode() takes the longest token at each place", async () => {
  const tokenizer = await open(
    withBytes("257 'ab' 2", "258 'abcd' 4", "259 'bc' 2"),
  );
  assertEquals(tokenizer.encode("abcd"), [258]);
  assertEquals(tokenizer.encode("abce"), [257, 100, 102]);
  assertEquals(tokenizer.encode("xbcd"), [121, 259, 101]);
});

Deno.test("Tokenizer.bytes() has none for the end and beyond", async () => {
  const tokenizer = await open(withBytes());
  for (const token of [0, 257, 70000, -1, 0.5]) {
    assertEquals(tokenizer.bytes(token), new Uint8Array());
  }
});

Deno.test("parseVocabulary() reads Python's literals", () => {
  const cases: [string, number[]][] = [
    [String.raw`'\x80'`, [0xc2, 0x80]],
    [String.raw`b'\x80'`, [0x80]],
    [String.raw`'\t\n\r\\'`, [9, 10, 13, 92]],
    [String.raw`'\''`, [39]],
    [String.raw`"'"`, [39]],
    [String.raw`'"'`, [34]],
    [String.raw`"\""`, [34]],
    [String.raw`'\u4e16'`, [0xe4, 0xb8, 0x96]],
    [String.raw`'\U0001f600'`, [0xf0, 0x9f, 0x98, 0x80]],
    ["'😀'", [0xf0, 0x9f, 0x98, 0x80]],
    ["' a b '", [32, 97, 32, 98, 32]],
    ["b'ab'", [97, 98]],
    [String.raw`b'\\u\n'`, [92, 117, 10]],
    ["'\u2028'", [0xe2, 0x80, 0xa8]],
  ];
  for (const [literal, bytes] of cases) {
    const [, token] = parseVocabulary(`1 ${literal} ${bytes.length}`, "v");
    assertEquals([...token], bytes, literal);
  }
});

const DAMAGE: [string, string, RegExp][] = [
  ["a length that is wrong", "1 'ab' 3", /line 1 says 3 bytes and has 2/],
  ["a gap", "1 'a' 1\n3 'b' 1", /line 2 has id 3, expected 2/],
  ["an id twice", "1 'a' 1\n1 'b' 1", /line 2 has id 1, expected 2/],
  ["an id that is no number", "x 'a' 1", /line 1 has id x/],
  ["a line without a literal", "1 2", /line 1 is not ID LITERAL LENGTH/],
  ["an empty line", "1 'a' 1\n\n2 'b' 1", /line 2 is not/],
  ["text without quotes", "1 a 1", /line 1 has no Python literal/],
  ["quotes that differ", `1 'a" 1`, /line 1 has no Python literal/],
  ["a quote inside", "1 'a'b' 3", /line 1 has an escape or a quote/],
  ["an escape it does not know", String.raw`1 '\q' 1`, /line 1 has an escape/],
  ["half an escape", String.raw`1 '\x4' 1`, /line 1 has an escape/],
  ["an escaped last quote", String.raw`1 'a\' 2`, /line 1 has an escape/],
  ["a surrogate", String.raw`1 '\ud800' 3`, /line 1 has a surrogate/],
  ["what is beyond Unicode", String.raw`1 '\U00110000' 4`, /beyond Unicode/],
  ["text in bytes", "1 b'é' 1", /line 1 has text in bytes/],
  ["an escape of text in bytes", String.raw`1 b'\u0041' 1`, /text in bytes/],
  ["an empty token", "1 '' 0", /line 1 is an empty token/],
];

for (const [what, text, message] of DAMAGE) {
  Deno.test(`openVocabulary() refuses ${what}`, async () => {
    await assertRejects(() => open(text), {
      name: "ModelError",
      code: "ERR_VOCABULARY_CORRUPT",
      message,
    });
  });
}

Deno.test("openVocabulary() refuses the same token twice", async () => {
  await assertRejects(() => open(withBytes("257 'ab' 2", "258 b'ab' 2")), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /v\.txt: tokens 257 and 258 are the same/,
  });
});

Deno.test("openVocabulary() refuses what cannot write every text", async () => {
  await assertRejects(() => open("1 'a' 1"), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /no token is the byte 0x0$/,
  });
  await assertRejects(() => open(""), { code: "ERR_VOCABULARY_CORRUPT" });
});

Deno.test("openVocabulary() refuses what is no UTF-8", async () => {
  const bytes = Uint8Array.of(0x31, 0xff);
  await assertRejects(() => openVocabulary(bytes, "v"), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /not UTF-8/,
  });
});

Deno.test("worldTokenizer() refuses tokens without end", async () => {
  const long = new Uint8Array(2 ** 22);
  await assertRejects(() => worldTokenizer(new TokenBytes([[], long]), "v"), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /4194304 bytes/,
  });
});
