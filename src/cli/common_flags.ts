/**
 * The flags that several commands share.
 *
 * @module
 */

import type { Flags } from "../config/command_line.ts";
import {
  type Flag,
  type FlagGroup,
  settingGroup,
  yesOrNo,
} from "../config/flag_list.ts";
import type { Name } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import { PASSPHRASE_FLAG } from "./passphrase_flag.ts";

/** Settings of a model that a command loads itself. */
export const MODEL_SETTINGS: readonly Name[] = [
  "model",
  "device",
  "quant",
  "threads",
  "vocab",
  "chat-form",
  "bos",
];

/** Settings of the keys that seal saves. */
export const KEY_SETTINGS: readonly Name[] = [
  "state-keys",
  "keys-file",
  "state-audience",
  "state-ttl",
];

/** Where the model runs. */
export const WHERE_FLAGS: FlagGroup = {
  title: "The model, of a server or loaded here",
  flags: {
    url: {
      placeholder: "URL",
      help: "Ask this server instead of loading a model; GOSLING_API_KEY is " +
        "the key for it",
    },
    ...settingGroup("", MODEL_SETTINGS).flags,
    model: {
      placeholder: "MODEL",
      help: "Weights, a folder with weights and vocabulary, or the name of a " +
        "pulled model (gosling)",
    },
    vocab: { placeholder: "PATH", help: "Vocabulary (beside the weights)" },
    "chat-form": {
      placeholder: "FORM",
      help:
        "How chats are written: world, g1 or flower (as the model's files " +
        "and generation have it)",
    },
    bos: {
      placeholder: "YES",
      help:
        "Whether texts begin with token 0: yes or no (as the model's files " +
        "and generation have it)",
    },
  },
};

/** How tokens are drawn. */
export const SAMPLING_FLAGS: FlagGroup = {
  title: "Sampling",
  flags: {
    temperature: {
      placeholder: "N",
      help: "Sampling temperature; 0 always picks the most likely token (1)",
      number: true,
    },
    "top-p": {
      placeholder: "N",
      help:
        "Sample from the smallest set of tokens whose probability exceeds this (0.3)",
      number: true,
    },
    seed: {
      placeholder: "N",
      help: "Seed of the sampler; the same seed gives the same answer",
      number: true,
    },
  },
};

/** How long an answer may be. */
export function longestAnswer(most: number): Flag {
  return {
    placeholder: "N",
    help: `Longest answer, in tokens (${most})`,
    number: true,
  };
}

/** What a conversation begins with. */
export const INITIAL_FLAGS: FlagGroup["flags"] = {
  initial: {
    placeholder: "NAME[=PATH]",
    help: "Initial state: a file, or the name of one on the server at --url",
  },
};

/** Whether saves have transcripts. */
export const TRANSCRIPT_FLAGS: FlagGroup["flags"] = {
  transcript: yesOrNo(
    "Keep all that is read in the save, so that another model can read it " +
      "anew (as the save before has it)",
  ),
};

/** Whether a save may be written over. */
export const OVERWRITE_FLAGS: FlagGroup["flags"] = {
  overwrite: yesOrNo("Write over a save of the same name (asks)"),
};

/** Where saves are, and what seals them. */
export const SAVE_FLAGS: FlagGroup = {
  title: "Saves",
  flags: {
    saves: {
      placeholder: "FOLDER",
      help: "Where saves are kept (saves)",
    },
    ...PASSPHRASE_FLAG,
    ...settingGroup("", KEY_SETTINGS).flags,
    "keys-file": {
      placeholder: "PATH",
      help: "File of lines state KID:SECRET, such as a server's keys file",
    },
    "state-keys": {
      placeholder: "LIST",
      help: "KID:BASE64URL,… of 32 bytes; the first seals, all open (the key " +
        "of the folder of saves)",
    },
  },
};

/**
 * Refuses flags that say how a model is loaded where none is.
 *
 * @throws {ConfigError} Naming the first of them.
 */
export function expectNoModelFlags(flags: Flags): void {
  if (flags.url === undefined) return;
  const stray = [...MODEL_SETTINGS, ...KEY_SETTINGS].find((name) =>
    flags[name] !== undefined
  );
  if (stray === undefined) return;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot use --${stray} with --url: the server has a model and keys of its ` +
      "own",
  );
}

/**
 * The address of a server as people type it: a scheme may be left out, and what
 * OpenAI's clients want after it may be there.
 *
 * @throws {ConfigError} If it is not one.
 */
export function readUrl(text: string, flag = "url"): string {
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(whole);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read --${flag}: ${
        JSON.stringify(text)
      } is not the address of a ` +
        "server, as http://127.0.0.1:8000",
    );
  }
  const path = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return url.origin + path;
}

/**
 * Refuses words where a command takes none.
 *
 * @param repair What does take them.
 * @throws {ConfigError} Naming the first.
 */
export function expectNoWords(
  [word]: readonly string[],
  repair: string,
): void {
  if (word === undefined) return;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read the command line: ${
      JSON.stringify(word)
    } is no flag; ${repair}`,
  );
}
