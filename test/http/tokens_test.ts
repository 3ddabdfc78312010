import { assertEquals, assertThrows } from "@std/assert";
import { TEXT_LIMIT } from "../../src/http/fields/text_fields.ts";
import {
  expectPieces,
  expectTokens,
} from "../../src/http/request/named_tokens.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";

/** Two tokens, the second as long as the longest text is in characters. */
const tokenizer = {
  size: 2,
  bytes: (token: number) => new Uint8Array(token === 1 ? TEXT_LIMIT : 1),
} as unknown as Tokenizer;

for (const [name, expect] of Object.entries({ expectTokens, expectPieces })) {
  Deno.test(`${name}() refuses what is no token, and too long a text, with the place`, () => {
    assertEquals(expect([0, 1, 1, 1], tokenizer, "/prompt"), [0, 1, 1, 1]);
    const refusals: [number[], string][] = [
      [[0, 2], "/prompt/1: is no token of this model, which has 2"],
      [
        [1, 1, 1, 1, 0],
        `/prompt/4: makes the text longer than ${4 * TEXT_LIMIT} bytes`,
      ],
    ];
    for (const [tokens, message] of refusals) {
      assertThrows(() => expect(tokens, tokenizer, "/prompt"), {
        code: "ERR_REQUEST_INVALID",
        message: `Cannot take request: ${message}`,
      });
    }
  });
}

Deno.test("expectPieces() leaves texts to the schema", () => {
  assertEquals(expectPieces("a", tokenizer, "/prompt"), "a");
  const pieces = ["a", 1, "b"];
  assertEquals(expectPieces(pieces, tokenizer, "/prompt"), pieces);
});
