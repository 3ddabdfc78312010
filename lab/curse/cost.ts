/**
 * What each method costs by the length of the text: time to read it, time for one
 * more token, operations and memory.
 *
 * @module
 */

import type { Gpu } from "../../src/device/webgpu/gpu.ts";
import { Clock } from "./clock.ts";
import { fitPowerLaw } from "./fit.ts";
import { type Method, type MethodId, METHODS } from "./methods.ts";
import { randomStream, type Stream } from "./stream.ts";

/** How much to measure. */
export interface CostOptions {
  /** Lengths in tokens, ascending. */
  readonly lengths: readonly number[];
  /** Heads: 2 are one layer of the embedded model, and keep two cores busy. */
  readonly H: number;
  /** Tokens of a chunk; a text is read chunk by chunk. */
  readonly chunk: number;
  /** Tokens decoded in one pass to time one. */
  readonly decoded: number;
  /** Milliseconds that reading one text once may take. */
  readonly limit: number;
  /** Milliseconds to go on repeating a measurement; 0 for a single run. */
  readonly patience: number;
  /** Told each result. */
  readonly report: (cost: Cost) => void;
}

/** What a method costs at a length. */
export interface Cost {
  /** Which method. */
  readonly method: MethodId;
  /** Tokens in the text. */
  readonly n: number;
  /** Milliseconds to read the text; reckoned from operations if not measured. */
  readonly prefillMs: number;
  /** Whether `prefillMs` was measured. */
  readonly measured: boolean;
  /** Milliseconds for one token after the text; absent where there is no kernel. */
  readonly decodeMs?: number;
  /** Multiply–adds of one head to read the text. */
  readonly macs: number;
  /** Bytes of one head kept after the text. */
  readonly bytes: number;
}

/** Slopes on a log–log plot. */
export interface Slopes {
  /** Which method. */
  readonly method: MethodId;
  /** Of the time to read a text, over the lengths measured from `FIT_FROM` on. */
  readonly prefill: number;
  /** Of the time for one token, likewise. */
  readonly decode?: number;
}

/** Shorter texts do not fill the device: what they cost is mostly the start. */
export const FIT_FROM = 1000;

/** Measures every method at every length. */
export async function measureCosts(
  gpu: Gpu,
  options: CostOptions,
): Promise<Cost[]> {
  const stream = randomStream(options.chunk, options.H, 1);
  const clock = new Clock(gpu);
  const costs: Cost[] = [];
  for (const method of METHODS) {
    costs.push(...await measureMethod(gpu, clock, method, stream, options));
  }
  return costs;
}

async function measureMethod(
  gpu: Gpu,
  clock: Clock,
  method: Method & { readonly id: MethodId },
  stream: Stream,
  { lengths, chunk, decoded, limit, patience, report }: CostOptions,
): Promise<Cost[]> {
  const longest = lengths[lengths.length - 1];
  const bound = method.bind(gpu, stream, longest + decoded);
  const costs: Cost[] = [];
  for (const n of lengths) {
    const reckoned = reckon(method, costs, n);
    const measured = reckoned <= limit;
    const plan = [];
    for (let seen = 0; measured && seen < n; seen += chunk) {
      plan.push(...bound.prefill(seen, Math.min(chunk, n - seen)));
    }
    const prefillMs = measured ? await clock.least(plan, patience) : reckoned;

    const steps = Array.from(
      { length: decoded },
      (_, i) => bound.decode(n + i),
    );
    const decodeMs = method.id === "linear_pairs"
      ? undefined
      : await clock.least(steps.flat(), patience) / decoded;
    const cost: Cost = {
      method: method.id,
      n,
      prefillMs,
      measured,
      ...decodeMs !== undefined && { decodeMs },
      macs: totalMacs(method, n),
      bytes: method.bytes(n),
    };
    report(cost);
    costs.push(cost);
  }
  bound.dispose();
  return costs;
}

/** The time at `n` if operations cost what they last did; 0 if none was measured. */
function reckon(method: Method, costs: readonly Cost[], n: number): number {
  const last = costs.findLast(({ measured }) => measured);
  return last ? last.prefillMs * totalMacs(method, n) / last.macs : 0;
}

function fittedCosts(costs: readonly Cost[]): Cost[] {
  return costs.filter((c) => c.measured && c.n >= FIT_FROM);
}

function totalMacs({ macs }: Method, n: number): number {
  return n * (macs(1) + macs(n)) / 2; // both kinds of cost are straight lines
}

/** Fits a power law through each method's times. */
export function slopes(costs: readonly Cost[]): Slopes[] {
  return METHODS.map(({ id }) => {
    const own = costs.filter((c) => c.method === id && c.n >= FIT_FROM);
    const prefill = fittedCosts(own).map((c) => [c.n, c.prefillMs] as const);
    const decode = own.flatMap(({ n, decodeMs }) =>
      decodeMs === undefined ? [] : [[n, decodeMs] as const]
    );
    return {
      method: id,
      prefill: fitPowerLaw(prefill).slope,
      ...decode.length > 1 && { decode: fitPowerLaw(decode).slope },
    };
  });
}
