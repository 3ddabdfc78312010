/**
 * Objects whose members are known: `null` is a member left out, and a request can do
 * without some of what it asks for.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Ignorable } from "../request/schema_check.ts";

/** A schema of an object whose members may be `null`, which means: left out. */
export function nullsLeftOut<T extends z.ZodType>(
  schema: T,
): z.ZodPreprocess<T> {
  return z.preprocess((value) => {
    if (!(value instanceof Object) || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).filter(([, member]) => member !== null),
    );
  }, schema);
}

/** An object that has these members and no others; see {@linkcode nullsLeftOut}. */
export function closedObject<T extends z.core.$ZodLooseShape>(
  shape: T,
): z.ZodPreprocess<z.ZodObject<T, z.core.$strict>> {
  return nullsLeftOut(z.strictObject(shape));
}

/** What is said of something that a request can do without. */
export function ignorable(name: string, message: string): {
  readonly code: "custom";
  readonly message: string;
  readonly params: Ignorable;
} {
  return { code: "custom", message, params: { ignorable: name } };
}
