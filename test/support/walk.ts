/**
 * Every file under a folder.
 *
 * @module
 */

/** A file. */
export interface FoundFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Goes through a folder and those in it. */
export async function* walk(folder: string): AsyncGenerator<FoundFile, void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    else yield { path, size: (await Deno.lstat(path)).size };
  }
}
