/**
 * A program: the app on a socket, with real saves and a model that says what it
 * is told. It is for clients in other processes that expect words which no small
 * model would write.
 *
 * Its argument is a JSON array of `[part, answer]`: the first whose part is in
 * what the model reads has its answer.
 *
 * @module
 */

import { serveSlowly } from "../web/slow_server.ts";

const script: readonly (readonly [string, string])[] = JSON.parse(
  Deno.args[0] ?? "[]",
);
const { url } = await serveSlowly({
  reply: (prompt) =>
    ` ${script.find(([part]) => prompt.includes(part))?.[1] ?? "Well."}\n\n`,
});
await Deno.stdout.write(new TextEncoder().encode(`Listening on ${url}\n`));
