/**
 * HAProxy as a process, with the settings of `deploy/haproxy.cfg`.
 *
 * @module
 */

import { freePort, type Proxy, started } from "./nginx.ts";
import { requireProgram } from "./programs.ts";

const SETTINGS = new URL("../../deploy/haproxy.cfg", import.meta.url);

/** Starts HAProxy in front of these hosts; resolves when it answers. */
export async function startHaproxy(
  upstreams: readonly string[],
): Promise<Proxy> {
  const program = await requireProgram("haproxy");
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const text = await Deno.readTextFile(SETTINGS);
  let place = 0;
  const own = text
    .replace("bind :8080", `bind 127.0.0.1:${port}`)
    .replaceAll(/gosling-\d:8000/g, () => upstreams[place++] ?? "");
  const path = `${folder}/haproxy.cfg`;
  await Deno.writeTextFile(path, own);
  return await started(program, ["-db", "-f", path], port, folder);
}
