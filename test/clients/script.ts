/**
 * What the model of the scripted server says, by a part of what it reads.
 *
 * @module
 */

import { WEATHER } from "./client.ts";

/** Asks codex's model for the weather in the working directory. */
export const SHELL_WEATHER = "Run a command that tells the weather.";
/** Asks opencode's model for the same. */
export const FILE_WEATHER = "Read the file that tells the weather.";

function call(name: string, given: object): string {
  return `\`\`\`json\n${JSON.stringify({ name, arguments: given })}\n\`\`\``;
}

/** The first part that is in the prompt has its answer. */
export const SCRIPT: readonly (readonly [string, string])[] = [
  ["Function output:", "It rains."],
  [WEATHER, call("weather", { city: "Rome" })],
  [SHELL_WEATHER, call("exec_command", { cmd: "cat weather.txt" })],
  [FILE_WEATHER, call("read", { filePath: "weather.txt" })],
];
