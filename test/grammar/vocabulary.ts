/**
 * The vocabulary of the model that comes with the program.
 *
 * @module
 */

import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { openVocabulary } from "../../src/text/world_tokenizer.ts";

const FILE = new URL("../../models/gosling/vocab.txt", import.meta.url);

export async function worldVocabulary(): Promise<Tokenizer> {
  return await openVocabulary(await Deno.readFile(FILE), "vocab.txt");
}
