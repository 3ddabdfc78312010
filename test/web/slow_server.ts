/**
 * The app with an engine that says what it is told, slowly, and real saves.
 *
 * @module
 */

import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { harness } from "../http/client.ts";
import { fakeEngine, type FakeOptions } from "../http/fake_engine.ts";

/** A server on a socket; disposing it ends it. */
export interface SlowServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts a server. */
export async function serveSlowly(options: FakeOptions): Promise<SlowServer> {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  const { fetch } = harness({ ...options, sealer });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
