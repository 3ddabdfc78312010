/**
 * Variables that were meant for settings. A misspelt flag ends the start; of a
 * misspelt variable nobody would hear, and a server without its keys is open.
 *
 * @module
 */

import { nearestName } from "./command_line.ts";
import { settingNames, variableOf } from "./flag_list.ts";

const PREFIX = "GOSLING_";

/** Variables that are no settings of a server. */
const OTHERS = ["GOSLING_API_KEY", "GOSLING_MODELS", "GOSLING_OFFLINE"];

/**
 * What to say of variables that have no effect and are close to one that has.
 *
 * @param names Of all variables that there are.
 */
export function describeMisspelt(names: readonly string[]): string[] {
  const settings = settingNames().map(variableOf);
  const short = (name: string) => name.slice(PREFIX.length);
  return names.flatMap((name) => {
    if (!name.startsWith(PREFIX) || settings.includes(name)) return [];
    if (OTHERS.includes(name)) return [];
    const nearest = nearestName(short(name), settings.map(short));
    if (nearest === undefined) return [];
    return [
      `${name} is no setting and changes nothing; did you mean ` +
      `${PREFIX}${nearest}?`,
    ];
  });
}
