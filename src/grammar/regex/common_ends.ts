/**
 * Whether texts that several automata and a length follow, each by itself, can end
 * for all of them.
 *
 * @module
 */

import { spendWork } from "../work_bound.ts";
import type { TextState } from "./automaton.ts";

/** Places looked at. */
const MOST_PLACES = 1024;

interface EndPlace {
  readonly states: readonly TextState[];
  /** Characters so far, no more than matter. */
  readonly count: number;
  readonly from: EndPlace[];
  /** Fewest characters that are missing to a text that all accept. */
  distance: number;
  /** Whether the newest byte begins a character. */
  readonly begins: boolean;
}

/**
 * Whether each text on the way has an end of `least` to `most` characters that all
 * automata accept. False, too, where there is too much to look at.
 *
 * @param bounded Whether that is the only bound. Otherwise a text ends where it is
 * long, and no end may be further off than the furthest of a single automaton.
 */
export function haveCommonEnds(
  starts: readonly TextState[],
  least: number,
  most: number,
  bounded: boolean,
): boolean {
  const cap = most === Infinity ? least : most;
  const places = new Map<string, EndPlace>();
  const place = (
    states: readonly TextState[],
    count: number,
    begins: boolean,
  ): EndPlace => {
    const key = `${states.map(({ id }) => id)} ${count} ${begins}`;
    let found = places.get(key);
    if (found === undefined) {
      found = { states, count, from: [], distance: Infinity, begins };
      places.set(key, found);
    }
    return found;
  };
  place(starts, 0, false);
  for (const one of places.values()) {
    if (places.size > MOST_PLACES) return false;
    if (isSafe(one, least)) continue;
    spendWork(20 * starts.length);
    for (let byte = 0; byte < 0x100; byte++) {
      const states = one.states.flatMap((state) => state.step(byte) ?? []);
      if (states.length < starts.length) continue;
      const begins = (byte & 0xc0) !== 0x80;
      const count = one.count + Number(begins);
      if (states.some(({ missing }) => count + missing > most)) continue;
      place(states, Math.min(count, cap), begins).from.push(one);
    }
  }
  measure([...places.values()], least);
  return places.values().every(({ states, count, distance }) => {
    const expected = Math.max(
      ...states.map(({ missing }) => missing),
      2 * least - count,
    );
    return bounded
      ? count + distance <= most && distance < Infinity
      : distance <= expected;
  });
}

/**
 * Whether every text on the way leads to texts without end, so that there is one more
 * however many there are. False, too, where there is too much to look at.
 */
export function leadsOn(start: TextState): boolean {
  const nexts = new Map<TextState, Set<TextState>>([[start, new Set()]]);
  for (const [state, next] of nexts) {
    if (nexts.size > MOST_PLACES) return false;
    if (state.certain) continue;
    spendWork(20);
    for (let byte = 0; byte < 0x100; byte++) {
      const after = state.step(byte);
      if (after === undefined) continue;
      next.add(after);
      if (!nexts.has(after)) nexts.set(after, new Set());
    }
  }
  // A place that only such lead on from as do not lead on does not either.
  const leading = new Set(nexts.keys());
  for (let more = true; more;) {
    more = false;
    for (const state of leading) {
      const next = [...nexts.get(state) ?? []];
      if (state.certain || next.some((one) => leading.has(one))) continue;
      leading.delete(state);
      more = true;
    }
  }
  return leading.size === nexts.size;
}

/** Whether one automaton alone is left to be followed, which knows its ends. */
function isSafe({ states, count }: EndPlace, least: number): boolean {
  return states.length === 1 && count >= least;
}

/** Finds how far each place is from an end, by characters. */
function measure(places: readonly EndPlace[], least: number): void {
  const ends = places.filter((place) => {
    const { states, count } = place;
    if (isSafe(place, least)) place.distance = states[0].missing;
    else if (count >= least && states.every(({ accepting }) => accepting)) {
      place.distance = 0;
    }
    return place.distance < Infinity;
  });
  const furthest = Math.max(0, ...ends.map(({ distance }) => distance));
  let now: EndPlace[] = [];
  for (let distance = 0; distance <= furthest || now.length > 0; distance++) {
    const later: EndPlace[] = [];
    now.push(...ends.filter((end) => end.distance === distance));
    for (let place = now.pop(); place !== undefined; place = now.pop()) {
      if (place.distance < distance) continue;
      const far = distance + Number(place.begins);
      for (const before of place.from) {
        if (before.distance <= far) continue;
        before.distance = far;
        (place.begins ? later : now).push(before);
      }
    }
    now = later;
  }
}
