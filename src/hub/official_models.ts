/**
 * The official models, by size.
 *
 * Their files are replaced by better trained ones every few weeks (`g1d`, `g1e`,
 * … are generations of the training data), so a file's name or checksum written
 * down here would be out of date soon. What is written down is how the names are
 * made; the repository is asked for its files when one is pulled, and it gives
 * each one's size and SHA-256.
 *
 * @module
 */

import type { Tokenizer } from "../text/tokenizer.ts";

/** The repository of the official models. */
export const OFFICIAL_REPOSITORY = "BlinkDL/rwkv7-g1";

/** Sizes of the official models: what people call them, and their parameters. */
export const OFFICIAL_SIZES: readonly string[] = [
  "0.1b",
  "0.4b",
  "1.5b",
  "2.9b",
  "7.2b",
  "13.3b",
];

/** The vocabulary of all of them. */
export const WORLD_VOCABULARY = {
  /** What the file is called. */
  name: "rwkv_vocab_v20230424.txt",
  /** Where it is published. */
  url: "https://raw.githubusercontent.com/BlinkDL/RWKV-LM/main/RWKV-v7/" +
    "rwkv_vocab_v20230424.txt",
  /** Bytes, with LF. */
  size: 1_093_733,
  /** SHA-256, lower-case hex. */
  sha256: "e6dee3d4e31b4d5c40ac99508ac6c701ceef4bed681bf2167ce9a908552bca89",
  /** Digest of its tokens, in whatever file they are. */
  digest: "b6901e595b87f0db12a97a9f19c24f752a2559eaab875b77a8aa9a15c6c62dea",
  /** Rows that models have for it, more than it has tokens. */
  rows: 65_536,
} as const;

/** Whether these are the tokens of the World vocabulary. */
export function isWorld({ digest }: Pick<Tokenizer, "digest">): boolean {
  return digest.toHex() === WORLD_VOCABULARY.digest;
}

/** Generation, size, day and context: `rwkv7-g1d-0.4b-20260210-ctx8192`. */
const OFFICIAL =
  /(?:^|\/)rwkv7-(g\d[a-z\d]*)-(\d+\.\d+b)-(\d{8})-ctx\d+(\.pth)?$/i;

/**
 * The size that `name` asks for: `0.4b`, `g1-0.4b` and `rwkv7-g1-0.4b` are the
 * same; nothing if it is no official name.
 */
export function officialSize(name: string): string | undefined {
  const [, size] = /^(?:(?:rwkv7-)?g1-)?(\d+\.\d+b)$/i.exec(name) ?? [];
  return OFFICIAL_SIZES.find((known) => known === size?.toLowerCase());
}

/**
 * The newest of some files or models of this size. Previews, which have a word
 * more in their names, are left out.
 */
export function newestOfficial(
  names: readonly string[],
  size: string,
): string | undefined {
  const found = names.flatMap((name) => {
    const [, generation = "", ofSize, day = ""] = OFFICIAL.exec(name) ?? [];
    return ofSize?.toLowerCase() === size ? [{ name, generation, day }] : [];
  });
  found.sort((a, b) =>
    compare(b.day, a.day) || compare(b.generation, a.generation)
  );
  return found[0]?.name;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
