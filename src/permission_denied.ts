/**
 * What Deno refused, and the words that would allow it. A flag on the command line
 * takes the place of the same line of the permission set, so it names all of it.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };

/** `Requires read access to "/x", run again with the --allow-read flag`. */
const REFUSAL = /Requires (\w+) access to "(.*)", run again/;

/**
 * Says what to do about a permission that was refused.
 *
 * @returns Nothing if none was the cause of `error`.
 */
export function explainDenied(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof Deno.errors.NotCapable)) {
    return explainDenied(error.cause);
  }
  const [, kind, what = ""] = REFUSAL.exec(error.message) ?? [];
  const byHand = (flag: string) =>
    "Let deno task start give it what its flags name, or start it with deno " +
    `run -P=serve --node-modules-dir=none ${flag} main.ts start`;
  const { read, net } = deno.permissions.serve;
  switch (kind) {
    case "read":
      return `Cannot read ${what}: this process may read ` +
        `${read.join(" and ")} alone. ` +
        byHand(`--allow-read=${[...read, what].join(",")}`);
    case "net": {
      const host = what.replace(/:\d+$/, "");
      return `Cannot listen on ${what}: this process may use ` +
        `${net.join(", ")} alone. ${byHand(`--allow-net=${host}`)}`;
    }
    default:
      return `Cannot go on: ${error.message}`;
  }
}
