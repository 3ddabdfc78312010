/**
 * SillyTavern's own server as far as it speaks to back ends: its routers, as npm has
 * them, on a free port. Its page, its accounts and its files stay away.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";

const folder = await Deno.makeTempDir();
process.on("SIGTERM", () => {
  Deno.removeSync(folder, { recursive: true });
  process.exit();
});

// It tells every request on its console, which nobody reads here.
for (const level of ["debug", "log", "info", "warn", "error"] as const) {
  // deno-lint-ignore no-console
  console[level] = () => {};
}

// Its modules read their settings when they are loaded, which has to come after this.
const { setConfigFilePath } = await import("sillytavern/src/util.js");
const config = `${folder}/config.yaml`;
await Deno.writeTextFile(config, "{}\n");
setConfigFilePath(config);

/** A piece of an Express app. */
type Handler = (
  request: { user?: object },
  response: unknown,
  next: () => void,
) => void;

const routes: Readonly<Record<string, { readonly router: Handler }>> = {
  "/api/backends/text-completions": await import(
    "sillytavern/src/endpoints/backends/text-completions.js"
  ),
  "/api/backends/kobold": await import(
    "sillytavern/src/endpoints/backends/kobold.js"
  ),
  "/api/tokenizers": await import("sillytavern/src/endpoints/tokenizers.js"),
};

const own = createRequire(import.meta.resolve("sillytavern/src/util.js"));
const express = own("express");
const app = express();
app.use(express.json({ limit: "64mb" }));
const signIn: Handler = (request, _, next) => {
  request.user = { directories: { root: folder } };
  next();
};
app.use(signIn);
for (const [path, { router }] of Object.entries(routes)) app.use(path, router);
const server = app.listen(0, "127.0.0.1", () => {
  const line = `Listening on http://127.0.0.1:${server.address().port}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
});
