/**
 * A client of an app with fakes behind it, without a socket.
 *
 * @module
 */

import { createApp } from "../../src/http/app.ts";
import { loaderOf } from "../../src/http/services.ts";
import { Client } from "../../src/client/client.ts";
import type { ApiKey } from "../../src/http/access/bearer_keys.ts";
import {
  byteGrammars,
  type FakeEngine,
  fakeEngine,
  type FakeOptions,
} from "../http/fake_engine.ts";
import { fakeVault } from "../http/fake_vault.ts";

/** The client, and what its words reach. */
export interface FakeClient {
  readonly client: Client;
  readonly engine: FakeEngine;
}

export function fakeClient(
  options: FakeOptions & { readonly keys?: readonly ApiKey[] } = {},
): FakeClient {
  const engine = fakeEngine(options);
  const services = {
    engine,
    vault: fakeVault(),
    grammars: byteGrammars(),
    portable: false,
  };
  const app = createApp({
    loader: loaderOf(services),
    keys: options.keys ?? [],
    report: () => {},
  });
  const fetch = async (request: Request) => await app.fetch(request);
  return { client: new Client({ url: "http://fake/", fetch }), engine };
}
