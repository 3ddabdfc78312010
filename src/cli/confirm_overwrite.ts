/**
 * Asks before a save is lost.
 *
 * @module
 */

import type { Flags } from "../config/command_line.ts";
import { isYes } from "../config/flag_list.ts";
import { ConfigError } from "../errors.ts";
import { confirmAtTerminal } from "../terminal.ts";
import type { SaveFolder } from "./saves_folder.ts";

/**
 * Makes sure that a name is free, or that its save may be written over: asks at a
 * terminal, and refuses elsewhere.
 *
 * @throws {ConfigError} If it may not.
 */
export async function expectFree(
  saves: SaveFolder,
  name: string,
  { overwrite }: Flags,
): Promise<void> {
  if (overwrite !== undefined && isYes(overwrite)) return;
  if (await saves.read(name) === undefined) return;
  const agreed = overwrite === undefined &&
    confirmAtTerminal(`There is a save ${name} already. Write over it? [y/N] `);
  if (agreed) return;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot save ${name}: there is such a save already; choose another name, ` +
      "or --overwrite",
  );
}
