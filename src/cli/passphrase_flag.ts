/**
 * `--passphrase`: the secret that opens and locks saves, derived where it is typed.
 *
 * @module
 */

import type { ClientOptions } from "../client/client.ts";
import { labelOf, lockSecret } from "../client/passphrase.ts";
import type { Flags } from "../config/command_line.ts";
import type { FlagGroup } from "../config/flag_list.ts";
import { ConfigError } from "../errors.ts";
import { type OwnerSecret, parseOwnerSecret } from "../state/owner_secret.ts";
import type { SaveFolder } from "./saves_folder.ts";
import { typeSecret } from "./type_secret.ts";

/** The word that asks for the passphrase at the terminal. */
const ASK_WORD = "ask";

/** The flag. */
export const PASSPHRASE_FLAG: FlagGroup["flags"] = {
  passphrase: {
    placeholder: "WORDS",
    help:
      "Passphrase that opens locked saves and locks new ones; ask prompts " +
      "for it without echo. Locked saves cannot be opened without it",
  },
};

/** The beginning of a body's first token, where a field has one. */
const FIRST_TOKEN_FIELD = /"(?:state|a)":\s*"([\w-]+\.\.)/;

/** A passphrase, and the secrets that were derived from it. */
export class Passphrase {
  readonly #passphraseWords: string;
  readonly #saves: SaveFolder;
  readonly #secrets = new Map<string, Promise<string>>();

  /** Derives nothing yet. */
  constructor(words: string, saves: SaveFolder) {
    this.#passphraseWords = words;
    this.#saves = saves;
  }

  /**
   * That of the flags; nothing if they name none.
   *
   * @throws {ConfigError} If it is empty.
   */
  static of(
    { passphrase }: Flags,
    saves: SaveFolder,
  ): Passphrase | undefined {
    if (passphrase === undefined) return undefined;
    const words = passphrase === ASK_WORD
      ? typeSecret("Passphrase:")
      : passphrase;
    if (words) return new Passphrase(words, saves);
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      "Cannot use --passphrase: it is empty",
    );
  }

  /** `LABEL:SECRET` that opens a state, or locks one that is not locked. */
  async secretFor(state: string | undefined): Promise<string> {
    const label = (state === undefined ? undefined : labelOf(state)) ??
      await this.#saves.lockLabel();
    let secret = this.#secrets.get(label);
    if (secret === undefined) {
      secret = lockSecret(this.#passphraseWords, label).catch(
        (cause: unknown) => {
          const message = cause instanceof Error
            ? cause.message
            : String(cause);
          throw new ConfigError("ERR_CONFIG_INVALID", message, { cause });
        },
      );
      this.#secrets.set(label, secret);
    }
    return await secret;
  }

  /** The same as a vault takes it. */
  async ownerFor(state: string): Promise<OwnerSecret> {
    return parseOwnerSecret(await this.secretFor(state), "--passphrase");
  }

  /** Sends requests with the secret of the state that they go on from. */
  sending(
    send: NonNullable<ClientOptions["fetch"]>,
  ): NonNullable<ClientOptions["fetch"]> {
    return async (request) => {
      const body = await request.clone().text();
      const [, state] = FIRST_TOKEN_FIELD.exec(body) ?? [];
      const headers = new Headers(request.headers);
      headers.set("gosling-secret", await this.secretFor(state));
      return await send(new Request(request, { headers }));
    };
  }
}
