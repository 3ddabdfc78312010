/**
 * What commands say to people.
 *
 * @module
 */

import { ApiError } from "./client/client.ts";
import { GoslingError } from "./errors.ts";
import { explainDenied } from "./permission_denied.ts";
import { explainRefused, isBrokenPipe } from "./system_refused.ts";

/** Writes to standard output as it is. */
export function write(text: string): void {
  writeAll(Deno.stdout, text);
}

const STYLES = { bold: 1, dim: 2, link: 36 } as const;

/** Colours text for a person: nothing where no terminal would show it. */
export function paint(style: keyof typeof STYLES, text: string): string {
  if (Deno.noColor || !Deno.stdout.isTerminal()) return text;
  return `\x1b[${STYLES[style]}m${text}\x1b[0m`;
}

/** Writes a line to standard error. */
export function note(line: string): void {
  try {
    writeAll(Deno.stderr, `${line}\n`);
  } catch {
    // A full disk, or nobody who reads: no work depends on what is said of it.
  }
}

/**
 * Takes paths of the command line as they were typed: `deno task` changes to the
 * folder of the project, and tells where it was called.
 */
export function startWhereTyped(): void {
  const folder = Deno.env.get("INIT_CWD");
  if (folder) Deno.chdir(folder);
}

/** Asks a yes-or-no question; nobody who could answer means no. */
export function confirmAtTerminal(question: string): boolean {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return false;
  writeAll(Deno.stderr, question);
  const bytes = new Uint8Array(256);
  const length = Deno.stdin.readSync(bytes) ?? 0;
  const answer = new TextDecoder().decode(bytes.subarray(0, length)).trim();
  return /^y(es)?$/i.test(answer);
}

/**
 * Runs a command. What it throws on purpose, and what the system refuses, becomes
 * one line and exit code 1; anything else is a mistake of ours and keeps its stack.
 */
export async function command(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Ctrl+C where something was asked, as the shell has it.
    if (error instanceof DOMException && error.name === "AbortError") {
      Deno.exit(130);
    }
    // Nobody reads on: the shell's number of a program that SIGPIPE ended.
    if (isBrokenPipe(error)) Deno.exit(141);
    const known = error instanceof GoslingError || error instanceof ApiError;
    const line = explainDenied(error) ??
      (known ? error.message : explainRefused(error));
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
