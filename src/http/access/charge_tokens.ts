/**
 * What work without a turn costs its caller, before it is done.
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv } from "../services.ts";

/** Elements that cost as much as a token, which a model's every weight is read for. */
const ELEMENTS_A_TOKEN = 2 ** 16;

/** Charges characters, tokens or values of a state to the caller's rate. */
export function charge(c: Context<AppEnv>, elements: number): void {
  c.get("caller").spend(Math.max(1, Math.ceil(elements / ELEMENTS_A_TOKEN)));
}
