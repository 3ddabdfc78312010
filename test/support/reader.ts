/**
 * The reader of portable saves that is not ours: `reader.py`, in Python's standard
 * library.
 *
 * @module
 */

import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";

const READER = fileURLToPath(new URL("../state/reader.py", import.meta.url));

/** What it says of saves: tokens, or files of the page and the commands. */
export async function readElsewhere(
  ...saves: readonly string[]
): Promise<Record<string, unknown>[]> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = saves.map((_, i) => `${folder}/${i}`);
    for (const [i, path] of paths.entries()) {
      await Deno.writeTextFile(path, saves[i]);
    }
    const { success, stdout, stderr } = await new Deno.Command("python3", {
      args: ["-I", READER, ...paths],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
