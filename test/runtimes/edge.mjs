/**
 * A Worker that has the model deployed beside it: the body is a save, or empty.
 *
 * @module
 */

import { open } from "./engine.edge.js";
import weights from "./model.safetensors";
import vocabulary from "./vocab.txt";
import config from "./tokenizer_config.json";

// Once an isolate, before its first request.
const model = await open({
  name: "gosling",
  weights,
  vocabulary,
  settings: { "tokenizer_config.json": config },
});

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const save = new Uint8Array(await request.arrayBuffer());
    const { text, save: left } = await model.turn(
      [{ role: "user", content: searchParams.get("say") }],
      { temperature: 0, seed: 1, ...(save.length > 0 && { save }) },
    ).result;
    return new Response(left, { headers: { "x-text": text } });
  },
};
