/**
 * What a disk that takes nothing is said to lack.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

/** Why a disk takes nothing, by the system's code. */
const REFUSALS = new Map([
  ["ENOSPC", "the disk is full; make room"],
  ["EDQUOT", "the disk's quota is used up; make room"],
  ["EFBIG", "the file system takes no file of this size"],
  ["EROFS", "the disk is read-only"],
  ["EACCES", "this user may not write there"],
  ["EPERM", "this user may not write there"],
  ["EIO", "the disk failed"],
]);

/**
 * Writes, and says in words why the disk does not take it.
 *
 * @throws {ModelError} `ERR_MODEL_DISK`.
 */
export async function writing<T>(
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const found = REFUSALS.get(String(error.code));
    if (found === undefined) throw error;
    throw new ModelError(
      "ERR_MODEL_DISK",
      `Cannot write ${path}: ${found}, or choose another folder with ` +
        "GOSLING_MODELS, and pull again to go on",
      { cause: error },
    );
  }
}
