/**
 * The languages that are spoken besides the native one.
 *
 * @module
 */

import { ANTHROPIC } from "./anthropic/error.ts";
import type { Dialect } from "./dialect.ts";
import { KOBOLD } from "./kobold/error.ts";
import { LLAMA } from "./llama/error.ts";
import { OLLAMA } from "./ollama/error.ts";
import { OPENAI } from "./openai/error.ts";

/** All of them, the narrower before the wider. */
const DIALECTS: readonly Dialect[] = [
  ANTHROPIC,
  OPENAI,
  KOBOLD,
  OLLAMA,
  LLAMA,
];

/** The language of a path; absent: the native one. */
export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find(({ speaks }) => speaks(path));
}
