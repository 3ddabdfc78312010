/**
 * Failures of a page, as Deno would tell them.
 *
 * @module
 */

import { AssertionError } from "node:assert";
import * as assertions from "../support/assert.ts";
import type { Failure } from "./assert.ts";

/**
 * Throws what the test would have thrown in Deno, with the page's stack: an
 * assertion that failed in the page is made once more here.
 */
export function failAgain({ name, message, stack, assertion }: Failure): never {
  let error: Error;
  try {
    if (assertion !== undefined) {
      asserted(assertion.name, assertion.values.map(revive));
    }
    error = name === "AssertionError"
      ? new AssertionError({ message })
      : Object.assign(new Error(message), { name });
  } catch (again) {
    if (!(again instanceof Error)) throw again;
    error = again;
  }
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
  throw error;
}

/** Makes an assertion whose error, if it was of one, is already there. */
function asserted(name: string, values: readonly unknown[]): void {
  const [first, ...rest] = values;
  if (name === "assertThrows" || name === "assertRejects") {
    const work = () => {
      if (first !== undefined) throw first;
    };
    const [expected, message] = rest;
    // A rejection is judged as what was thrown is, and without waiting.
    assertions.assertThrows(work, expected as object, message as string);
    return;
  }
  const again = assertions[name as keyof typeof assertions] as (
    ...values: readonly unknown[]
  ) => void;
  again(first, ...rest);
}

/** A value of the page, from its portable form. */
function revive(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof RegExp || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(revive);
  const { $: kind, of } = value as { readonly $?: string; readonly of?: never };
  switch (kind) {
    case "function":
      return () => false;
    case "Map":
      return new Map(revive(of) as [unknown, unknown][]);
    case "Set":
      return new Set(revive(of) as unknown[]);
    case "Error":
      return Object.assign(new Error(), revive(of));
    default:
      return Object.fromEntries(
        Object.entries(value).map(([key, field]) => [key, revive(field)]),
      );
  }
}
