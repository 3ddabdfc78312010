/**
 * The server as the page sees it: there or not, which model, and how to look
 * into a save.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { patch, watch } from "../store/signals.ts";
import { ApiError, Client, type ClientOptions } from "../../client/client.ts";
import { serverKey, serverUrl, settings } from "../store/settings.ts";
import { explain } from "./error_notice.ts";

/** What `GET /v1/model` says, as far as the page shows it. */
export interface Model {
  /** Its name. */
  readonly id: string;
  /** How many weights. */
  readonly parameters: number;
  /** How its matrices are kept. */
  readonly quantization: string;
  /** Where it computes. */
  readonly device: { readonly kind: string; readonly name: string };
  /** SHA-256 of the weights. */
  readonly fingerprint: string;
  /** Its sizes. */
  readonly shape: {
    readonly layers: number;
    readonly width: number;
    readonly heads: number;
    readonly vocabulary: number;
  };
  /** How many numbers its state has. */
  readonly state: { readonly values: number };
  /** Whether the server gives and takes saves that others can open. */
  readonly portable?: boolean;
  /** Whether saves may, do or never have transcripts. */
  readonly transcript?: "allow" | "always" | "never";
  /** States that a conversation may begin with. */
  readonly initial_states?: readonly { readonly name: string }[];
}

/** One layer of a state, in 255 steps. */
export interface LayerPicture {
  /** Which, from 0. */
  readonly layer: number;
  /** What 127 steps stand for. */
  readonly largest: number;
  /** A matrix `[64, 64]` a head. */
  readonly heads: readonly Int8Array[];
}

/** What is in a save. */
export interface SaveDetails {
  /** Tokens read since blank. */
  readonly position: number;
  /** How it is written. */
  readonly codec: string;
  /** The model it belongs to. */
  readonly model: { readonly fingerprint: string };
  /** The layer that was asked for. */
  readonly picture?: LayerPicture;
}

/** How the server is. */
export interface Health {
  /** `asking` before the first answer; `none` where the page came without one. */
  readonly status: "asking" | "ready" | "away" | "refused" | "none";
  /** What it serves; stays when it goes away. */
  readonly model?: Model;
  /** What is wrong, in words. */
  readonly words?: string;
}

/** Milliseconds between questions to a server that is away. */
const RETRY_PAUSES = [500, 1000, 2000, 5000];

/** How the server is, now. */
export const health: Signal<Health> = signal({ status: "asking" });

/** Whether the page lies on a host of files, and no server has been named. */
export function withoutServer(): boolean {
  return "static" in document.documentElement.dataset &&
    settings.value.url === "";
}

let asked = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * A client for the server that is set.
 *
 * @param secrets Of the owner of locked saves.
 */
export function client(
  secrets: Pick<ClientOptions, "secret" | "newSecret"> = {},
): Client {
  const { value } = settings;
  const [url, key] = [serverUrl(value), serverKey(value)];
  return new Client({ url, key, ...secrets });
}

/**
 * Has a save sealed again.
 *
 * @param secrets Of its owner: what opens it, and what locks it then.
 * @throws {ApiError} If the server rejects it.
 */
export async function sealAgain(
  state: string,
  secrets: Pick<ClientOptions, "secret" | "newSecret">,
): Promise<string> {
  const end = await client(secrets).generate({
    prompt: "",
    max_tokens: 0,
    state,
    state_codec: settings.value.codec,
  });
  if (end.state === undefined) {
    throw new TypeError("Cannot seal: no state came");
  }
  return end.state;
}

/** Asks how the server is, and again until it answers. */
export async function ask(failures = 0): Promise<void> {
  clearTimeout(timer);
  const turn = ++asked;
  try {
    const model: Model = await (await send("/v1/model")).json();
    if (turn === asked) health.value = { status: "ready", model };
  } catch (error) {
    if (turn !== asked) return;
    const away = !(error instanceof ApiError) || error.status === 0 ||
      error.status >= 500;
    patch(health, {
      status: away ? "away" : "refused",
      words: explain(error).message,
    });
    if (away) {
      const wait = RETRY_PAUSES[Math.min(failures, RETRY_PAUSES.length - 1)];
      timer = setTimeout(() => ask(failures + 1), wait);
    }
  }
}

/** Asks now, and whenever another server or key is set. */
export function followServer(): void {
  let place = "";
  const look = () => {
    const now = JSON.stringify([settings.value.url, serverKey(settings.value)]);
    if (now === place) return;
    if (withoutServer()) {
      health.value = { status: "none" };
      return;
    }
    place = now;
    health.value = { status: "asking" };
    ask();
  };
  watch(settings, look);
  addEventListener("online", () => withoutServer() || ask());
  look();
}

/**
 * Looks into a save.
 *
 * @param layer Which layer's matrices to bring along.
 */
export async function fetchDetails(
  state: string,
  layer?: number,
): Promise<SaveDetails> {
  const response = await send("/v1/state/inspect", {
    state,
    ...(layer !== undefined && { picture: layer }),
  });
  const { picture, ...rest } = await response.json();
  return picture === undefined ? rest : {
    ...rest,
    picture: { ...picture, heads: picture.heads.map(decodedSteps) },
  };
}

function decodedSteps(base64: string): Int8Array {
  return Int8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

async function send(path: string, body?: unknown): Promise<Response> {
  const { value } = settings;
  const key = serverKey(value);
  const response = await fetch(`${serverUrl(value)}${path}`, {
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => undefined);
  throw new ApiError(response.status, problem);
}
