/**
 * The embedded model but for a bit of one weight: another model, that knows as much.
 *
 * @module
 */

import { join } from "@std/path";

const EMBEDDED = new URL("../../../models/gosling/", import.meta.url);

/** Writes it to a folder; the flags of a server that serves it. */
export async function twin(folder: string): Promise<string[]> {
  const bytes = await Deno.readFile(new URL("model.safetensors", EMBEDDED));
  bytes[(bytes.length >> 1) & ~1] ^= 1;
  const path = join(folder, "twin.safetensors"),
    vocab = join(folder, "vocab.txt");
  await Deno.writeFile(path, bytes);
  await Deno.copyFile(new URL("vocab.txt", EMBEDDED), vocab);
  return ["--model", path, "--vocab", vocab];
}
