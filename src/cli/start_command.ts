/**
 * `deno task start`: reads the flags, and starts the server with exactly the
 * permissions that they need. Deno decides on permissions before a program sees
 * its flags, so that this takes two processes.
 *
 * @module
 */

import { asksForHelp, helpText } from "../config/help_text.ts";
import { describeMisspelt } from "../config/misspelt_variables.ts";
import { serverFlags, START_HELP } from "../serve/server_command.ts";
import { boundServer } from "../serve/server_process.ts";
import { command, note, write } from "../terminal.ts";

/** Signals that a server hears. */
const END_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

const env = (name: string) => Deno.env.get(name);

if (import.meta.main) await command(() => runStartCommand(Deno.args));

async function runStartCommand(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(START_HELP));
  const flags = serverFlags(args);
  for (const line of describeMisspelt(Object.keys(Deno.env.toObject()))) {
    note(line);
  }
  const server = new Deno.Command(Deno.execPath(), {
    ...boundServer(flags, env),
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of END_SIGNALS) {
    Deno.addSignalListener(signal, () => {
      try {
        server.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended already
      }
    });
  }
  // 128 and the signal's number, where a signal ended it.
  const { code } = await server.status;
  Deno.exit(code);
}
