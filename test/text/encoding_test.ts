import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encoding } from "../../src/text/stepwise_encoding.ts";
import { encodePrompt } from "../../src/text/prompt_pieces.ts";
import { parseVocabulary } from "../../src/text/vocabulary.ts";
import { worldTokenizer } from "../../src/text/world_tokenizer.ts";

const SOME = new URL("../../models/gosling/vocab.txt", import.meta.url);

Deno.test("encoding() gives the tokens of the whole text, wherever a step ends", async () => {
  const vocabulary = parseVocabulary(await Deno.readTextFile(SOME), "gosling");
  const tokenizer = await worldTokenizer(vocabulary, "gosling");
  const unit = fc.constantFrom("a", " the", "  ", "\n\n", "界", "😀", "\ud800");
  const property = fc.property(
    fc.array(unit, { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 2 ** 15 - 8, max: 3 * 2 ** 15 }),
    fc.boolean(),
    (units, length, inPieces) => {
      const text = units.join("").repeat(length / units.length)
        .slice(0, length);
      const prompt = inPieces ? [1, text, 2, "end"] : text;
      let steps = 1, found: readonly number[] | undefined;
      for (const work = encoding(prompt, tokenizer); found === undefined;) {
        const { done, value } = work.next();
        if (done) found = value;
        else steps++;
      }
      assert(text.length <= 2 ** 15 || steps > 1);
      assertEquals(found, encodePrompt(prompt, tokenizer));
    },
  );
  fc.assert(property, {
    numRuns: 12,
    // A step more than full, were half a pair taken for one.
    examples: [[["\ud800"], 2 ** 15 + 1, false], [["😀"], 2 ** 15 + 1, true]],
  });
});
