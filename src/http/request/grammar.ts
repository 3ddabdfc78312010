/**
 * The grammar of an answer, tried before the answer begins: later it could only be
 * cut off.
 *
 * @module
 */

import type { Context } from "hono";
import type { Grammar } from "../../grammar/grammar.ts";
import type { AppEnv } from "../services.ts";

/**
 * Finds out whether a request's grammar can be used.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot.
 * @throws {BusyError} If too many new grammars wait.
 */
export async function prepareGrammar(
  c: Context<AppEnv>,
  grammar: Grammar | undefined,
): Promise<void> {
  if (grammar === undefined) return;
  const { grammars } = c.get("services");
  const from = performance.now();
  const { signal } = c.req.raw;
  await grammars.prepare(grammar, { tenant: c.get("tenant"), signal });
  c.get("record").ended("grammar", from);
}
