/**
 * How long a request holds up the others: `/healthz` is asked in its midst, and the
 * work between two answers is counted.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import type { TinyServer } from "./tiny_server.ts";

/** Milliseconds of work that may be done in one piece, on a machine of usual speed. */
export const MOST_HELD = 100;

/** Milliseconds that the yardstick takes where {@linkcode MOST_HELD} was chosen. */
const USUAL = 25;

/** How many times slower than usual this machine is; at least 1. */
export function slowness(): number {
  const text = JSON.stringify(Array(2 ** 17).fill("a"));
  const from = processor();
  for (let i = 0; i < 4; i++) JSON.parse(text);
  return Math.max(1, (processor() - from) / USUAL);
}

/** What came of a request. */
export interface Amid {
  readonly status: number;
  /** Milliseconds of work in one piece, at most. */
  readonly held: number;
}

/** Sends a body, and asks for the server's health until it is answered. */
export async function askAmid(
  { fetch }: TinyServer,
  path: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Amid> {
  let status: number | undefined, held = 0;
  const headers = { "content-type": "application/json" };
  const answer = fetch(
    new Request(`http://tiny${path}`, { method: "POST", headers, body }),
  ).then(async (response) => {
    await response.arrayBuffer();
    status = response.status;
  });
  while (status === undefined) {
    const from = processor();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const health = await fetch(new Request("http://tiny/healthz"));
    await health.body?.cancel();
    held = Math.max(held, processor() - from);
  }
  await answer;
  return { status, held };
}

/** Milliseconds that this process has had a processor: waiting for one is not work. */
function processor(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
