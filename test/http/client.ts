/**
 * The app with fakes behind it, and the few lines every route test needs.
 *
 * @module
 */

import { createApp, type Limits } from "../../src/http/app.ts";
import type { ApiKey } from "../../src/http/access/bearer_keys.ts";
import type { MetricsOptions } from "../../src/http/site/metrics.ts";
import {
  type Loader,
  loaderOf,
  type Sealer,
  type Services,
} from "../../src/http/services.ts";
import type { TranscriptPolicy } from "../../src/chat/chat_turn.ts";
import type { Observer } from "../../src/observe/request_observer.ts";
import type { Save } from "../../src/state/save.ts";
import {
  byteGrammars,
  type FakeEngine,
  fakeEngine,
  type FakeOptions,
} from "./fake_engine.ts";
import { type FakeVault, fakeVault } from "./fake_vault.ts";

/** An app and what is behind it. */
export interface Harness {
  readonly engine: FakeEngine;
  readonly vault: FakeVault;
  readonly reported: unknown[];
  /** Sends JSON, or a body as it is. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** The app as `fetch`, for clients of other people. */
  readonly fetch: typeof fetch;
}

export function harness(
  options: FakeOptions & {
    readonly keys?: readonly ApiKey[];
    readonly portable?: boolean;
    readonly transcripts?: TranscriptPolicy;
    readonly onMismatch?: Services["onMismatch"];
    /** Whether its states expire. */
    readonly expires?: boolean;
    readonly initial?: ReadonlyMap<string, Save>;
    readonly limits?: Limits;
    readonly strict?: boolean;
    readonly observer?: Observer;
    readonly metrics?: MetricsOptions;
    /** In place of one that has the model. */
    readonly loader?: Loader;
    /** In place of the fake. */
    readonly sealer?: Sealer;
  } = {},
): Harness {
  const engine = fakeEngine(options);
  const vault = fakeVault();
  const reported: unknown[] = [];
  const services: Services = {
    engine,
    ...(options.template && { template: options.template }),
    ...(options.bos && { bos: options.bos }),
    ...(options.decoding && { decoding: options.decoding }),
    ...(options.ends && { ends: options.ends }),
    vault: options.sealer ?? vault,
    grammars: byteGrammars(),
    portable: options.portable ?? false,
    ...(options.transcripts && { transcripts: options.transcripts }),
    ...(options.onMismatch && { onMismatch: options.onMismatch }),
    ...(options.expires && { expires: true }),
    ...(options.initial !== undefined && { initial: options.initial }),
  };
  const app = createApp({
    loader: options.loader ?? loaderOf(services),
    keys: options.keys ?? [],
    limits: options.limits,
    strict: options.strict,
    observer: options.observer,
    metrics: options.metrics,
    report: (error) => reported.push(error),
  });
  const send = async (path: string, init: RequestInit) =>
    await app.request(path, init);
  return {
    engine,
    vault,
    reported,
    fetch: async (input, init) => await app.fetch(new Request(input, init)),
    get: (path, init = {}) => send(path, init),
    post: (path, body, init = {}) =>
      send(path, {
        method: "POST",
        body: raw(body) ? body : JSON.stringify(body),
        ...init,
        headers: {
          ...(!(body instanceof FormData) &&
            { "content-type": "application/json" }),
          ...init.headers,
        },
      }),
  };
}

function raw(body: unknown): body is BodyInit {
  return typeof body === "string" || body instanceof FormData ||
    body instanceof Uint8Array || body instanceof ReadableStream;
}

/** The events of a stream of server-sent events, comments left out. */
export function eventsOf(text: string): unknown[] {
  return text.split("\n\n").filter((block) => block.startsWith("data: "))
    .map((block) => JSON.parse(block.slice("data: ".length)));
}
