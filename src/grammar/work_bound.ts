/**
 * A bound on the work that a grammar may make, counted so that it is the same on
 * every machine.
 *
 * @module
 */

import { refusedGrammar } from "./screen/grammar_bounds.ts";

/** Units of work that a new grammar may make, a token of one, and its end. */
export const WORK = { open: 3_000_000, accept: 1_500_000, close: 1_000 };

/**
 * Steps of the library for a new grammar and for a token of one: about 1 s and 0.5 s
 * of a core to itself. The slowest of a hundred schemas of the tests takes 4 million,
 * a string of at most 4096 characters 106 million.
 */
export const STEPS = {
  open: 150_000_000,
  accept: 75_000_000,
  close: 75_000_000,
};

let left = Infinity;

/** Sets how much may be done from now on; a unit is about half a microsecond. */
export function allowWork(units: number): void {
  left = units;
}

/** What is left of it. */
export function workLeft(): number {
  return left;
}

/**
 * Does some of it.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` when nothing is left.
 */
export function spendWork(units: number): void {
  left -= units;
  if (left < 0) {
    throw refusedGrammar("its grammar takes too much work to follow");
  }
}
