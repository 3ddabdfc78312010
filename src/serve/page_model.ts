/**
 * The embedded model as the page loads it into the tab. Other models stay on the
 * server: they may be large, and the operator may not be allowed to give them away.
 *
 * @module
 */

import type { PageModel } from "../http/site/web_page.ts";
import type { ModelManifest } from "../library/tab_protocol.ts";

const FOLDER = new URL("../../models/gosling/", import.meta.url);
const WEIGHTS = "model.safetensors", VOCABULARY = "vocab.txt";
const SETTINGS = "tokenizer_config.json";

/** The embedded model's files, as a page beside them names them. */
export const pageModel: PageModel = {
  names: ["model.json", WEIGHTS, VOCABULARY],
  async read(name) {
    if (name !== "model.json") {
      return await Deno.readFile(new URL(name, FOLDER));
    }
    const sizes = await Promise.all(
      [WEIGHTS, VOCABULARY].map(async (file) =>
        (await Deno.stat(new URL(file, FOLDER))).size
      ),
    );
    const manifest: ModelManifest = {
      name: "gosling",
      weights: WEIGHTS,
      vocabulary: VOCABULARY,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      settings: {
        [SETTINGS]: await Deno.readTextFile(new URL(SETTINGS, FOLDER)),
      },
    };
    return new TextEncoder().encode(JSON.stringify(manifest));
  },
};
