/**
 * What `deno task curse` found, as it is kept in `bench/results/curse/`.
 *
 * @module
 */

import type { Machine } from "../../bench/machine.ts";
import type { Cost, Slopes } from "./cost.ts";
import type { EndlessResult } from "./endless.ts";
import type { FactRecall } from "./facts.ts";
import type { Recall } from "./recall.ts";

/** Where results are kept. */
export const RESULTS = new URL("../../bench/results/curse/", import.meta.url);

/** Where and when, and on which device. */
export interface Origin {
  /** The machine, the commit, the date. */
  readonly machine: Machine;
  /** The device's own name. */
  readonly device: string;
}

/** Every part of the results, by the name of its file. */
export interface Parts {
  /** Time, operations and memory by length. */
  readonly cost: Origin & {
    readonly heads: number;
    readonly slopes: readonly Slopes[];
    readonly costs: readonly Cost[];
  };
  /** Pairs recalled by one head. */
  readonly recall: Origin & {
    readonly trials: number;
    readonly recalls: readonly Recall[];
  };
  /** Facts recalled by the embedded model. */
  readonly facts: Origin & { readonly facts: readonly FactRecall[] };
  /** A million tokens through the embedded model. */
  readonly endless: Origin & EndlessResult;
  /** Tokens through a model of 0.1B: some, or with `--million` a million. */
  readonly large: Origin & EndlessResult;
}

/** The name of a part. */
export type Part = keyof Parts;

/** Every part, in the order of the page. */
export const PARTS: readonly Part[] = [
  "cost",
  "recall",
  "facts",
  "endless",
  "large",
];

/** Reads every part from a folder. */
export async function readResults(folder: URL): Promise<Parts> {
  return {
    cost: await readPart(folder, "cost"),
    recall: await readPart(folder, "recall"),
    facts: await readPart(folder, "facts"),
    endless: await readPart(folder, "endless"),
    large: await readPart(folder, "large"),
  };
}

async function readPart<P extends Part>(
  folder: URL,
  part: P,
): Promise<Parts[P]> {
  return JSON.parse(await Deno.readTextFile(new URL(`${part}.json`, folder)));
}

/** Writes a part into a folder. */
export async function writePart<P extends Part>(
  folder: URL,
  part: P,
  result: Parts[P],
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const file = new URL(`${part}.json`, folder);
  await Deno.writeTextFile(file, `${JSON.stringify(result, null, 2)}\n`);
}
