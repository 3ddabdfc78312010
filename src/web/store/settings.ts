/**
 * Settings, kept in localStorage and shared by all tabs.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { patch, watch } from "./signals.ts";
import { READABLE_SAMPLING } from "../../client/sampling_defaults.ts";
import type { GenerateOptions } from "../../client/client.ts";
import { sharedTexts } from "./kept_text.ts";

const PLACE = "gosling-settings";

/** How answers are drawn, where, and how the page looks. */
export interface Settings {
  /** The server's address; empty: the one that served the page. */
  readonly url: string;
  /** API keys by address, so that no server gets another's key. */
  readonly keys: Readonly<Record<string, string>>;
  /** Said before the first message of a conversation. */
  readonly system: string;
  /** The server's state that conversations begin with; empty: a blank one. */
  readonly initial: string;
  /** How saves are written. */
  readonly codec: "int8" | "exact" | "f16" | "int10" | "int6" | "int4";
  /** Whether new conversations keep their words in the save. */
  readonly transcript: boolean;
  /** Where answers are computed. */
  readonly place: "server" | "device";
  /** Light, dark, or as the system has it. */
  readonly theme: "auto" | "light" | "dark";
  /** The most tokens in an answer. */
  readonly max_tokens: number;
  /** 0 always takes the likeliest token. */
  readonly temperature: number;
  /** 0 keeps all. */
  readonly top_k: number;
  /** 1 keeps all. */
  readonly top_p: number;
  /** 0 keeps all. */
  readonly min_p: number;
  /** Against saying anything twice. */
  readonly presence_penalty: number;
  /** Against saying anything often. */
  readonly frequency_penalty: number;
  /** Absent: another each time. */
  readonly seed: number | null;
}

/** What holds until somebody changes it. */
export const DEFAULTS: Settings = {
  url: "",
  keys: {},
  system: "",
  initial: "",
  codec: "int8",
  transcript: false,
  place: "server",
  theme: "auto",
  max_tokens: 256,
  ...READABLE_SAMPLING,
  top_k: 0,
  min_p: 0,
  presence_penalty: 0,
  frequency_penalty: 0,
  seed: null,
};

/** The settings as they are now. */
export const settings: Signal<Settings> = signal(readStoredSettings());

/** Changes settings, here and in every tab. */
export function changeSettings(part: Partial<Settings>): void {
  patch(settings, part);
  sharedTexts.set(PLACE, JSON.stringify(settings.value));
}

/** Follows changes made in other tabs, and colours the page. */
export function followSettings(): void {
  addEventListener("storage", ({ key }) => {
    if (key === PLACE) settings.value = readStoredSettings();
  });
  watch(settings, paint);
  paint();
}

/** The server's address, whole. */
export function serverUrl({ url }: Settings): string {
  return url === "" ? location.origin : url;
}

/** The key for the server that is set, if there is one. */
export function serverKey({ url, keys }: Settings): string | undefined {
  return keys[url] || undefined;
}

/** The fields of a request that settings decide. */
export function requestOptions(
  {
    seed,
    codec,
    transcript: _______,
    initial: _,
    system: __,
    url: ___,
    keys: ____,
    theme: _____,
    place: ______,
    ...rest
  }: Settings,
): GenerateOptions {
  return { ...rest, ...(seed !== null && { seed }), state_codec: codec };
}

function readStoredSettings(): Settings {
  try {
    return { ...DEFAULTS, ...JSON.parse(sharedTexts.get(PLACE) ?? "{}") };
  } catch (error) {
    if (error instanceof SyntaxError) return DEFAULTS;
    throw error;
  }
}

function paint(): void {
  document.documentElement.dataset["theme"] = settings.value.theme;
}
