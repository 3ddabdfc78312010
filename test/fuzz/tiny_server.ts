/**
 * The whole server in this process, from routes to wasm kernels, around a model of
 * one layer whose weights are random: cheap enough for a hundred thousand turns.
 *
 * @module
 */

import { createApp, type Limits } from "../../src/http/app.ts";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import type { Device } from "../../src/device/device.ts";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import type { ApiKey } from "../../src/http/access/bearer_keys.ts";
import { loaderOf } from "../../src/http/services.ts";
import { openModel } from "../../src/model/open_model.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { worldLines } from "../support/models/write_gguf.ts";
import { openTestDevice } from "../support/test_device.ts";

/** Its only model. */
export const MODEL = "tiny";

const SIZES = { L: 1, D: 64, V: 300, ranks: { w: 4, a: 5, v: 6, g: 7 } };

/** A server without a socket. */
export interface TinyServer extends AsyncDisposable {
  readonly engine: Engine;
  readonly vault: Vault;
  /** What it did not mean to happen. */
  readonly reported: unknown[];
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** Sends JSON. */
  post(path: string, body: object, headers?: HeadersInit): Promise<Response>;
}

/** What a tiny server may be told. */
export interface TinyOptions {
  readonly lanes?: number;
  readonly keys?: readonly ApiKey[];
  /** What callers may take; nothing is bounded by default. */
  readonly limits?: Limits;
  /** Milliseconds that a grammar may take. */
  readonly patience?: number;
  /** Opens a device, again whenever it was lost; by default, the chosen one. */
  readonly open?: () => Promise<Device>;
}

/** Starts one. */
export async function tinyServer(
  { lanes = 4, keys = [], limits, patience, open = openTestDevice }:
    TinyOptions = {},
): Promise<TinyServer> {
  const parts = await Array.fromAsync(safetensors(randomTensors(SIZES), "F32"));
  const { checkpoint, tokenizer, fingerprint } = await openModel({
    weights: [bytesSource("tiny.safetensors", await new Blob(parts).bytes())],
    vocabulary: bytesSource(
      "vocab.txt",
      new TextEncoder().encode(worldLines(SIZES.V)),
    ),
  });
  const { shape } = checkpoint;
  const format = { fingerprint, shape };
  let device: Device | undefined = await open();
  const { kind, name } = device;
  const engine = await openEngine({
    model: {
      id: MODEL,
      shape,
      fingerprint: fingerprint.toHex(),
      parameters: 0,
      quantization: "none",
      device: { kind, name },
      lanes,
    },
    format,
    tokenizer,
    maxWaiting: 64,
    async load() {
      device ??= await open();
      const options = { lanes: lanes + 2, quantization: "none" } as const;
      return await device.load(checkpoint, options);
    },
    lost: () => device = undefined,
  });
  const vault = await Vault.create({
    keys: [randomKey()],
    format,
    audience: "fuzz",
    portable: true,
  });
  const grammars = superviseGrammars({
    tokenizer,
    V: shape.V,
    ...(patience !== undefined && { patience }),
  });
  const reported: unknown[] = [];
  const app = createApp({
    loader: loaderOf({ engine, vault, grammars, portable: true }),
    keys,
    limits,
    report: (error) => reported.push(error),
  });
  const answer = async (request: Request) => await app.fetch(request);
  return {
    engine,
    vault,
    reported,
    fetch: answer,
    post: (path, body, headers = {}) =>
      answer(
        new Request(`http://tiny${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
      ),
    async [Symbol.asyncDispose](): Promise<void> {
      await engine.dispose();
      grammars.close();
      await device?.dispose();
    },
  };
}
