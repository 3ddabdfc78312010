/**
 * Saves as tokens: sealed, which only this service can open or change, and
 * portable, which anyone can.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { stateLength } from "../model/shape.ts";
import { encodedSize, type StateShape } from "./codec.ts";
import {
  isSealedBytes,
  sealedBytes,
  sealedText,
  splitSealedBytes,
  splittingSealedText,
  unreadableToken,
} from "./token_envelope.ts";
import { inSteps } from "../steps.ts";
import {
  decodingSave,
  type EncodedSave,
  encodingSave,
  readingSave,
  readingSaveText,
  type SaveFile,
} from "./save_format.ts";
import { readHeader, type SaveHeader } from "./save_header.ts";
import {
  Keyring,
  type KeyringOptions,
  type Lineage,
  type SealNote,
} from "./keyring.ts";
import type { OwnerSecret } from "./owner_secret.ts";
import {
  isPortableBytes,
  isPortableText,
  openPortable,
  openPortableText,
  portable,
  portableText,
} from "./portable_token.ts";
import type { CodecName, Save, SaveFormat, SaveNote } from "./save.ts";

/** How a token is protected. */
export type Profile = "sealed" | "portable";

/** What a vault is for. */
export interface VaultOptions extends KeyringOptions {
  /** The model whose saves these are. */
  readonly format: SaveFormat;
  /** The largest states that are read, of whatever model; by default this model's. */
  readonly largest?: StateShape;
  /** Whether portable tokens are made and taken. */
  readonly portable?: boolean;
  /** Who writes the saves. */
  readonly note?: SaveNote;
}

/** Whose a token is. */
export interface OpenTokenOptions {
  /** The tenant that it is bound to; omitted if the service has only one. */
  readonly tenant?: string;
  /** The secret of its owner, if they have one. */
  readonly secret?: OwnerSecret | undefined;
  /** Whether its values are left out, and may be of any size. */
  readonly withoutValues?: boolean;
  /** How a token made of it will be protected, if that is known already. */
  readonly profile?: Profile | undefined;
  /** Told what a token made of it will owe to it. */
  readonly issued?: (lineage: Lineage) => void;
}

/** How a token is opened. */
export interface OpenSaveOptions extends OpenTokenOptions {
  /** The same token without its wrapping, where it was looked at before. */
  readonly unwrapped?: UnwrappedToken | undefined;
  /** Told how the values of the save are written, before they are read. */
  readonly seen?: (codec: CodecName) => void;
}

/** How a token is made. */
export interface SealOptions
  extends Pick<OpenTokenOptions, "tenant" | "secret"> {
  /** How the values are written. */
  readonly codec: CodecName;
  /** How it is protected, `sealed` by default. */
  readonly profile?: Profile;
  /** What it is made of; omitted if of nothing. */
  readonly lineage?: Lineage | undefined;
  /** Whether what is made of it may outlive it; it may by default. */
  readonly renewable?: boolean | undefined;
}

/** A token, and what it became. */
export interface Sealed<Token extends string | Uint8Array> {
  /** The token. */
  readonly token: Token;
  /** Its length in bytes. */
  readonly bytes: number;
  /** The codec in use: `exact` where the one asked for could not hold a value. */
  readonly codec: CodecName;
}

/** All that a token says. */
export interface OpenedFile extends SaveFile, SealNote {
  /** How it was protected. */
  readonly profile: Profile;
  /** Bytes of the save file inside. */
  readonly bytes: number;
}

/** What is left when a token's wrapping is off. */
interface Unwrapped extends SealNote {
  readonly profile: Profile;
  readonly file: Uint8Array;
}

/** A token that was unwrapped to see whose save it is. */
export interface UnwrappedToken {
  /** The token. */
  readonly token: string | Uint8Array;
  /** Whom it is bound to. */
  readonly tenant: string;
  /** What a token made of it owes to it. */
  readonly lineage: Lineage;
  /** The save file inside; its header is sound. */
  readonly file: Uint8Array;
  /** What its header says. */
  readonly header: SaveHeader;
}

/** Room for what a token has besides values, a transcript among it. */
const SLACK_BYTES = 2 ** 22;

/** Turns saves into tokens and back. */
export class Vault {
  readonly #options: VaultOptions;
  readonly #keyring: Keyring;
  /** Bytes of a token. */
  readonly #most: number;
  /** Bytes of a state's values once they are decoded. */
  readonly #mostValues: number;

  private constructor(options: VaultOptions, keyring: Keyring) {
    this.#options = options;
    this.#keyring = keyring;
    const { largest = options.format.shape } = options;
    this.#most = encodedSize("exact", largest).bytes + SLACK_BYTES;
    this.#mostValues = 4 * stateLength(largest);
  }

  /** Makes a vault. */
  static async create(options: VaultOptions): Promise<Vault> {
    return new Vault(options, await Keyring.create(options));
  }

  /**
   * Makes a token as text.
   *
   * @throws {StateError} `ERR_STATE_PROFILE` if portable tokens are not allowed;
   * `ERR_STATE_UNREADABLE` if a value of the save is not finite.
   */
  async seal(save: Save, options: SealOptions): Promise<Sealed<string>> {
    const { bytes, codec } = await this.#encode(save, options);
    const token = options.profile === "portable"
      ? portableText(await portable(bytes))
      : sealedText(await this.#sealed(bytes, options));
    return { token, bytes: token.length, codec };
  }

  /** Makes a token as bytes, `application/vnd.gosling.state`; see {@linkcode seal}. */
  async sealBytes(
    save: Save,
    options: SealOptions,
  ): Promise<Sealed<Uint8Array<ArrayBuffer>>> {
    const { bytes, codec } = await this.#encode(save, options);
    const token = options.profile === "portable"
      ? await portable(bytes)
      : sealedBytes(await this.#sealed(bytes, options));
    return { token, bytes: token.length, codec };
  }

  /**
   * Opens a token, text or bytes, of this vault's model.
   *
   * @throws {StateError} `ERR_STATE_UNREADABLE` if it is no token at all, or its
   * save is of another version; `ERR_STATE_REJECTED` if it was not sealed here for
   * this tenant, or was changed; `ERR_STATE_EXPIRED`; `ERR_STATE_PROFILE` if it is
   * portable and that is not allowed; `ERR_STATE_MISMATCH` if it is another
   * model's.
   */
  async open(
    token: string | Uint8Array<ArrayBuffer>,
    options: OpenSaveOptions = {},
  ): Promise<Save> {
    const { unwrapped, tenant = "" } = options;
    const { file, lineage } =
      unwrapped?.token === token && unwrapped.tenant === tenant
        ? unwrapped
        : await this.unwrap(token, options);
    announce(lineage, options);
    options.seen?.(readHeader(file).codec);
    return await inSteps(decodingSave(file, this.#options.format));
  }

  /**
   * Unwraps a token of whatever model, to open it later: what it says of its model
   * is known by its header, before any value is read. Throws as {@linkcode open}.
   */
  async unwrap(
    token: string | Uint8Array<ArrayBuffer>,
    options: OpenTokenOptions = {},
  ): Promise<UnwrappedToken> {
    const { file, ...note } = await this.#unwrap(token, options);
    const { tenant = "" } = options;
    const header = readHeader(file, this.#mostValues);
    return { token, tenant, lineage: lineageOf(note), file, header };
  }

  /** Opens a token of whatever model, for tools; throws as {@linkcode open}. */
  async read(
    token: string | Uint8Array<ArrayBuffer>,
    options: OpenTokenOptions = {},
  ): Promise<OpenedFile> {
    const { file, ...about } = await this.#unwrap(token, options);
    announce(lineageOf(about), options);
    const found = await inSteps(
      options.withoutValues
        ? readingSaveText(file)
        : readingSave(file, { most: this.#mostValues }),
    );
    return { ...found, ...about, bytes: file.length };
  }

  #sealed(
    bytes: Uint8Array<ArrayBuffer>,
    { tenant = "", secret, lineage, renewable }: SealOptions,
  ): ReturnType<Keyring["seal"]> {
    const { version } = readHeader(bytes);
    const terms = { tenant, secret, lineage, renewable, version };
    return this.#keyring.seal(bytes, terms);
  }

  async #encode(
    save: Save,
    { codec, profile, lineage, renewable }: SealOptions,
  ): Promise<EncodedSave> {
    if (profile === "portable") {
      this.#expectPortable("seal");
      if (renewable === false || lineage?.notAfter !== undefined) {
        throw endlessPortable();
      }
    }
    const { format, note } = this.#options;
    return await inSteps(encodingSave(save, format, codec, note));
  }

  async #unwrap(
    token: string | Uint8Array<ArrayBuffer>,
    { tenant = "", secret }: OpenTokenOptions,
  ): Promise<Unwrapped> {
    const isText = typeof token === "string";
    const most = isText ? Math.ceil(this.#most * 4 / 3) : this.#most;
    if (token.length > most) {
      throw unreadableToken(
        `it has ${token.length} bytes, expected at most ${most}`,
      );
    }
    if (isText ? isPortableText(token) : isPortableBytes(token)) {
      this.#expectPortable("open");
      const file =
        await (isText ? openPortableText(token) : openPortable(token));
      return { file, profile: "portable" };
    }
    if (!isText && !isSealedBytes(token)) {
      const start = token.subarray(0, 8).toHex();
      throw unreadableToken(
        `its ${token.length} bytes begin ${start}, neither GOSLSEAL nor GOSLING`,
      );
    }
    const parts = isText
      ? await inSteps(splittingSealedText(token))
      : splitSealedBytes(token);
    const { plain, ...note } = await this.#keyring.open(parts, {
      tenant,
      secret,
    });
    return { file: plain, profile: "sealed", ...note };
  }

  #expectPortable(verb: "seal" | "open"): void {
    if (this.#options.portable) return;
    throw new StateError(
      "ERR_STATE_PROFILE",
      `Cannot ${verb} state: portable states are not allowed here`,
    );
  }
}

/** Says what a token made of this one owes to it. */
function announce(
  lineage: Lineage,
  { issued, profile }: OpenTokenOptions,
): void {
  if (profile === "portable" && lineage.notAfter !== undefined) {
    throw endlessPortable();
  }
  issued?.(lineage);
}

/** What a token made of this one owes to it. */
function lineageOf(
  { firstIssuedAt, renewals, renewable, expiresAt }: SealNote,
): Lineage {
  return {
    firstIssuedAt,
    renewals,
    ...renewable === false && { notAfter: expiresAt },
  };
}

function endlessPortable(): StateError {
  return new StateError(
    "ERR_STATE_PROFILE",
    "Cannot return a portable state: what it is made of is not renewable, and " +
      "a portable state never ends",
  );
}
