/**
 * What commands say to people.
 *
 * @module
 */

import { ApiError } from "./client/client.ts";
import { GoslingError } from "./errors.ts";
import { explainDenied } from "./denied.ts";

/** Writes to standard output as it is. */
export function write(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes a line to standard error. */
export function note(line: string): void {
  writeAll(Deno.stderr, `${line}\n`);
}

/**
 * Runs a command. What it throws on purpose becomes one line and exit code 1;
 * anything else is a mistake of ours and keeps its stack.
 */
export async function command(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known = error instanceof GoslingError || error instanceof ApiError;
    const line = explainDenied(error) ?? (known ? error.message : undefined);
    if (line === undefined) throw error;
    note(line);
    Deno.exit(1);
  }
}

function writeAll(
  to: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}
