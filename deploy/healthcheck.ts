/**
 * Exits with 0 if the server of this container takes requests. Debian's slim image
 * has no client for HTTP.
 *
 * @module
 */

const port = Deno.env.get("GOSLING_PORT") ?? "8000";
const answer = await fetch(`http://127.0.0.1:${port}/readyz`, {
  signal: AbortSignal.timeout(2000),
}).catch(() => undefined);
Deno.exit(answer?.ok ? 0 : 1);
