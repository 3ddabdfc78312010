import { assertEquals, assertThrows } from "@std/assert";
import { parseJsonVocabulary } from "../../src/text/vocabulary_json.ts";

/** GPT-2's characters for bytes, written down for those that stand for others. */
function characterOf(byte: number): string {
  const shifted = [
    ...Array.from({ length: 33 }, (_, i) => i),
    ...Array.from({ length: 34 }, (_, i) => 127 + i),
    173,
  ];
  const at = shifted.indexOf(byte);
  return String.fromCodePoint(at < 0 ? byte : 256 + at);
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte);

Deno.test("parseJsonVocabulary() reads a trie whose characters stand for bytes", () => {
  const words = [...new TextEncoder().encode(" é\n")];
  const vocab = {
    "<|endoftext|>": 0,
    ...Object.fromEntries(bytes.map((byte) => [characterOf(byte), byte + 1])),
    [words.map(characterOf).join("")]: 257,
  };
  const post_processor = {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "<|endoftext|>", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
    ],
  };
  const read = (more: object) =>
    parseJsonVocabulary(
      JSON.stringify({ model: { type: "RwkvTrie", vocab }, ...more }),
      "t",
    );
  const { vocabulary, bos } = read({ post_processor });
  assertEquals(bos, true);
  assertEquals(Array.from(vocabulary, (token) => [...token]), [
    [],
    ...bytes.map((byte) => [byte]),
    words,
  ]);
  assertEquals(read({}).bos, undefined);
  const processors = [{ type: "ByteLevel" }, post_processor];
  assertEquals(
    read({ post_processor: { type: "Sequence", processors } }).bos,
    true,
  );
});

Deno.test("parseJsonVocabulary() reads tokens by their ids, as texts or bytes", () => {
  const { vocabulary } = parseJsonVocabulary(
    JSON.stringify({ 1: "a", 2: [255, 0], 3: "é" }),
    "t",
  );
  assertEquals(Array.from(vocabulary, (token) => [...token]), [
    [],
    [97],
    [255, 0],
    [0xc3, 0xa9],
  ]);
});

Deno.test("parseJsonVocabulary() refuses other tokenizers and damage, by what it found", () => {
  for (
    const [json, found] of [
      ["[", /is not JSON/],
      ["[]", /not an object/],
      ['{"model":{"type":"BPE","vocab":{}}}', /its tokenizer is "BPE"/],
      ['{"1":"a","3":"b"}', /2 tokens, and one with id 3|no token has id 2/],
      ['{"1":""}', /token 1 is empty/],
      ['{"1":[256]}', /"1" is no token/],
      ['{"x":"a"}', /"x" is no token/],
      ['{"model":{"type":"RwkvTrie","vocab":{"a":1,"b":1}}}', /two tokens/],
      ['{"model":{"type":"RwkvTrie","vocab":{"a":"1"}}}', /has no id/],
      ['{"model":{"type":"RwkvTrie","vocab":{"😀":1}}}', /is no byte/],
    ] as const
  ) {
    assertThrows(() => parseJsonVocabulary(json, "t"), { message: found });
  }
});
