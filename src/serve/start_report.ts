/**
 * What a server says once it listens: what it serves, on which device and why,
 * how long saves last, and where it is.
 *
 * @module
 */

import type { Config } from "../config/settings.ts";
import { paint } from "../terminal.ts";

/** What is served. */
export interface Serving {
  /** The first model and its device, in a few words. */
  readonly summary: string;
  /** Why that device; empty where it was asked for. */
  readonly reason: string;
  /** Models that are loaded when they are asked for. */
  readonly others: readonly string[];
}

/** The lines about what is served. */
export function servingText({ summary, reason, others }: Serving): string {
  const lines = [`Serving ${paint("bold", summary)}`];
  if (others.length > 0) {
    lines.push(detail("models", `${others.join(", ")} when asked for`));
  }
  if (reason !== "") lines.push(detail("device", reason));
  return `${lines.join("\n")}\n`;
}

/**
 * The line about how long saves can be used.
 *
 * @param config The settings, before a key is made where they name none.
 */
export function savesText(
  { "state-keys": keys, "state-ttl": ttl }: Partial<
    Pick<Config, "state-keys" | "state-ttl">
  >,
  these = "this server ends",
): string {
  const [key] = keys ?? [];
  const words = key === undefined
    ? `last until ${these}; set GOSLING_STATE_KEYS to keep them longer`
    : `last ${
      ttl === undefined ? "" : `${duration(ttl)}, and `
    }as long as key ` +
      `${key.kid} is kept`;
  return `${detail("saves", words)}\n`;
}

/** The line about where the server is. */
export function listeningText(
  { hostname, port }: Deno.NetAddr,
  who = "Listening on",
): string {
  const url = (host: string) =>
    `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  // An address that stands for all of them opens nowhere.
  const here = hostname === "0.0.0.0" || hostname === "::"
    ? `, on this machine ${paint("link", url("127.0.0.1"))}`
    : "";
  return `${who} ${paint("link", url(hostname))}${here}\n`;
}

function detail(name: string, words: string): string {
  return `  ${paint("dim", name.padEnd(7))} ${words}`;
}

function duration(seconds: number): string {
  const units: [number, string][] = [[86_400, "day"], [3600, "hour"], [
    60,
    "minute",
  ], [1, "second"]];
  const [size, name] = units.find(([size]) => seconds % size === 0) ??
    [1, "second"];
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
