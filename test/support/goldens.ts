import { canonical } from "../../src/model/canonical.ts";
import type { Checkpoint } from "../../src/model/checkpoint.ts";
import { readSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";

/** Where the golden files are, with a slash at the end. */
export const GOLDENS =
  new URL("../fixtures/goldens/", import.meta.url).pathname;

/** A golden model, by its file's name without the extension. */
export async function openGolden(file: string): Promise<Checkpoint> {
  const name = `${file}.safetensors`;
  const source = bytesSource(name, await Deno.readFile(GOLDENS + name));
  return canonical(await readSafetensors(source), name);
}
