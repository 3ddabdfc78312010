/**
 * The grammar of an answer, bounded and tried before the answer begins: later it
 * could only be cut off.
 *
 * @module
 */

import type { Context } from "hono";
import type { Grammar } from "../../grammar/grammar.ts";
import type { AppEnv } from "../services.ts";

/** How long values of JSON may be where a schema does not say it. */
export interface JsonLimits {
  /** Characters of a string. */
  readonly string?: number | undefined;
  /** Digits of a number before its point, and behind it. */
  readonly digits?: number | undefined;
  /** Items of an array, and properties of an object. */
  readonly items?: number | undefined;
}

/** What bounds an answer. */
export interface BoundedRequest {
  /** What it may be; any text where it is absent. */
  readonly grammar?: Grammar & { readonly written?: string } | undefined;
  /** Its tokens. */
  readonly max_tokens: number;
  /** What the request says of its values. */
  readonly json_limits?: JsonLimits | undefined;
}

/** Characters of a string that nobody bounds: at least, and at most. */
const UNBOUNDED_STRING = { least: 512, most: 4096 };

/** Items of an array and properties of an object that nobody bounds, likewise. */
const UNBOUNDED_ITEMS = { least: 32, most: 512 };

/**
 * A request's grammar, whose strings, numbers and lists end: as the request says, else
 * as the server does, else strings of half as many characters as the answer may have
 * tokens, and lists of an eighth as many items. A model that knows no end would write
 * one string or one list for ever.
 */
export function boundedGrammar(
  c: Context<AppEnv>,
  { grammar, max_tokens, json_limits: asked = {} }: BoundedRequest,
): Grammar | undefined {
  if (grammar === undefined) return undefined;
  const { written = "", ...bare } = grammar;
  if (bare.type !== "json" && bare.type !== "json_schema") return bare;
  const usual = c.get("jsonLimits");
  const longest = asked.string ?? usual?.string ??
    shareOf(max_tokens / 2, UNBOUNDED_STRING);
  const items = asked.items ?? usual?.items ??
    shareOf(max_tokens / 8, UNBOUNDED_ITEMS);
  return {
    ...bare,
    // A turn that goes on with a string or list keeps what an earlier one has written.
    longest: Math.max(longest, written.length),
    digits: asked.digits ?? usual?.digits,
    items: Math.max(items, written.length),
  };
}

function shareOf(
  share: number,
  { least, most }: typeof UNBOUNDED_STRING,
): number {
  return Math.min(Math.max(Math.floor(share), least), most);
}

/**
 * Finds out whether a grammar can be used.
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
