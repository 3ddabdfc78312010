/**
 * What Deno refused, and the words that would allow it. A flag on the command line
 * takes the place of the same line of the permission set, so it names all of it.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };

/** `Requires read access to "/x", run again with the --allow-read flag`. */
const REFUSAL = /Requires (\w+) access to "(.*)", run again/;

/** Which variable names what is read, so that `deno task start` allows it. */
const VARIABLES = "GOSLING_MODEL, GOSLING_MODELS, GOSLING_VOCAB, " +
  "GOSLING_INITIAL or GOSLING_KEYS_FILE";

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
  const run = (flag: string) => `deno run -P=serve ${flag} main.ts start`;
  const { read } = deno.permissions.serve;
  const own = read.map((path) => path.replace("./serve/", ""));
  switch (kind) {
    case "read":
      return `Cannot read ${what}: the server may read ${own.join(" and ")} ` +
        `alone. Name it by ${VARIABLES} for deno task start, or start with ` +
        run(`--allow-read=${[...own, what].join(",")}`);
    case "net": {
      const host = what.replace(/:\d+$/, "");
      return `Cannot listen on ${what}: the server may use ` +
        `${deno.permissions.serve.net.join(", ")} alone. Start with ` +
        run(`--allow-net=${host}`);
    }
    default:
      return `Cannot go on: ${error.message}`;
  }
}
