/**
 * A language that clients of others speak: which paths are its own, and how it says
 * that something went wrong.
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv } from "./services.ts";

/** One language. */
export interface Dialect {
  /** Whether a path is the dialect's, whether or not there is a route. */
  speaks(path: string): boolean;
  /** Answers with an error in its words. */
  refuse(c: Context<AppEnv>, error: unknown): Response;
}
