/**
 * The languages that are spoken besides the native one.
 *
 * @module
 */

import { ANTHROPIC } from "./anthropic/anthropic_error.ts";
import type { Dialect } from "./dialect.ts";
import { KOBOLD } from "./kobold/kobold_error.ts";
import { LLAMA } from "./llama/llama_error.ts";
import { OLLAMA } from "./ollama/ollama_error.ts";
import { OPENAI } from "./openai/openai_error.ts";

/** All of them, the narrower before the wider. */
const DIALECTS: readonly Dialect[] = [
  ANTHROPIC,
  OPENAI,
  KOBOLD,
  OLLAMA,
  LLAMA,
];

/** The language of a path; by default the native one. */
export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find(({ speaks }) => speaks(path));
}
