/**
 * Opens and seals saves without a model: whose they are, they say themselves.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import { labelOf } from "../client/passphrase.ts";
import type { Config } from "../config/settings.ts";
import { ConfigError, StateError } from "../errors.ts";
import { HASH_BYTES } from "../state/save_header.ts";
import type { StateKey } from "../state/state_keys.ts";
import type { OwnerSecret } from "../state/owner_secret.ts";
import { type OpenedFile, type Profile, Vault } from "../state/vault.ts";

/** Sizes of the largest model whose saves can be read: more than any has. */
const LARGEST_SHAPE = { L: 128, D: 8192 };

/** What a token is opened with. */
export interface LocalKeys {
  /** The first seals, all open. */
  readonly keys: readonly StateKey[];
  /** Whose tokens they are; empty: of a service without API keys. */
  readonly tenant?: string | undefined;
  /** The secret of their owner. */
  readonly secret?: OwnerSecret | undefined;
}

/**
 * Opens a token of whatever model.
 *
 * @param name What to call it in an error.
 * @throws {ConfigError} If these keys do not open it, and which one would.
 */
export async function openLocal(
  token: string,
  name: string,
  config: Config,
  { keys, tenant = "", secret }: LocalKeys,
): Promise<OpenedFile> {
  const vault = await Vault.create({
    keys,
    audience: config["state-audience"],
    format: { fingerprint: new Uint8Array(HASH_BYTES), shape: LARGEST_SHAPE },
    portable: true,
  });
  try {
    return await vault.read(token, { tenant, secret });
  } catch (cause) {
    const rejected = cause instanceof StateError &&
      cause.code === "ERR_STATE_REJECTED";
    if (!rejected) throw cause;
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot open ${name}: it is sealed with key ${kidOf(token)}, and there ` +
        `${keys.length === 1 ? "is" : "are"} ${
          keys.map(({ kid }) => kid).join(", ")
        } here, or it is another tenant's. --keys-file or --state-keys names ` +
        "other keys" +
        (labelOf(token) === undefined ? "" : ", --passphrase unlocks it"),
      { cause },
    );
  }
}

/** Seals a save again, under the first of some keys or for everybody. */
export async function sealLocal(
  { save, format, codec, note }: OpenedFile,
  config: Config,
  { keys, tenant = "", secret }: LocalKeys,
  profile: Profile = "sealed",
): Promise<string> {
  const vault = await Vault.create({
    keys,
    audience: config["state-audience"],
    ...config["state-ttl"] !== undefined && { ttl: config["state-ttl"] },
    format,
    portable: true,
    note: { ...note, engine: note.engine || `gosling ${deno.version}` },
  });
  return (await vault.seal(save, { codec, profile, tenant, secret })).token;
}

/** The name of the key that sealed a token, which everybody may read. */
export function kidOf(token: string): string {
  const [header = ""] = token.split(".");
  try {
    const bytes = Uint8Array.fromBase64(header, { alphabet: "base64url" });
    const { kid } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof kid === "string" ? kid : "?";
  } catch {
    return "?";
  }
}
