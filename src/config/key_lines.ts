/**
 * Keys of both kinds as lines of text: `state KID:SECRET`, of which the first
 * seals and all open, and `api NAME:SHA256[:RATE]`, which may call. `#` begins a
 * comment.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import type { ApiKey } from "../http/access/bearer_keys.ts";
import { parseKeys, type StateKey } from "../state/state_keys.ts";
import { readApiKey } from "./setting_parsers.ts";

/** Keys of both kinds. */
export interface Keys {
  /** The first seals, all open; at least one. */
  readonly state: readonly StateKey[];
  /** Who may call; empty lets everybody. */
  readonly api: readonly ApiKey[];
}

/**
 * Reads such lines.
 *
 * @throws {ConfigError} Naming the line; nothing secret is repeated.
 */
export function parseKeyLines(text: string): Keys {
  const state: StateKey[] = [];
  const api: ApiKey[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const [kind = "", entry = "", ...more] = line.replace(/#.*/, "").trim()
      .split(/\s+/);
    if (kind === "") continue;
    if (more.length > 0) {
      throw invalidKeyLine(`line ${i + 1} has more than two words`);
    }
    if (kind === "state") state.push(readStateKey(entry, i + 1));
    else if (kind === "api") api.push(expectApiKey(entry, i + 1));
    else {throw invalidKeyLine(
        `line ${i + 1} begins with neither state nor api`,
      );}
  }
  if (state.length === 0) throw invalidKeyLine("no line begins with state");
  if (new Set(state.map(({ kid }) => kid)).size < state.length) {
    throw invalidKeyLine("two state keys have the same name");
  }
  return { state, api };
}

function readStateKey(entry: string, line: number): StateKey {
  try {
    const [key] = parseKeys(entry);
    return key;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.message.replace(/^.*?: /, "").replace("entry 1", "it");
    throw invalidKeyLine(`line ${line}: ${found}`);
  }
}

function expectApiKey(entry: string, line: number): ApiKey {
  const key = readApiKey(entry);
  if (key !== undefined) return key;
  throw invalidKeyLine(
    `line ${line} is not api NAME:SHA256[:RATE]; ` +
      "hash a key with: printf %s KEY | sha256sum",
  );
}

function invalidKeyLine(found: string): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", `Cannot read keys: ${found}`);
}
