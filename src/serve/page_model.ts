/**
 * The embedded model as the page loads it into the tab. Other models stay on the
 * server: they may be large, and the operator may not be allowed to give them away.
 *
 * @module
 */

import type { PageModel } from "../http/site/web_page.ts";
import type { ModelManifest } from "../library/tab_protocol.ts";

const PAGE_MODEL_FOLDER = new URL("../../models/gosling/", import.meta.url);
const PAGE_WEIGHTS = "model.safetensors", PAGE_VOCABULARY = "vocab.txt";
const PAGE_MODEL_SETTINGS = "tokenizer_config.json";

/** The embedded model's files, as a page beside them names them. */
export const pageModel: PageModel = {
  names: ["model.json", PAGE_WEIGHTS, PAGE_VOCABULARY],
  async read(name) {
    if (name !== "model.json") {
      return await Deno.readFile(new URL(name, PAGE_MODEL_FOLDER));
    }
    const sizes = await Promise.all(
      [PAGE_WEIGHTS, PAGE_VOCABULARY].map(async (file) =>
        (await Deno.stat(new URL(file, PAGE_MODEL_FOLDER))).size
      ),
    );
    const manifest: ModelManifest = {
      name: "gosling",
      weights: PAGE_WEIGHTS,
      vocabulary: PAGE_VOCABULARY,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      settings: {
        [PAGE_MODEL_SETTINGS]: await Deno.readTextFile(
          new URL(PAGE_MODEL_SETTINGS, PAGE_MODEL_FOLDER),
        ),
      },
    };
    return new TextEncoder().encode(JSON.stringify(manifest));
  },
};
