/**
 * What can be set, and how its words are read.
 *
 * @module
 */

import { z } from "zod";
import { CHAT_FORMS, type ChatFormName } from "../chat/template/chat_forms.ts";
import type { TranscriptPolicy } from "../chat/chat_turn.ts";
import type { ApiKey } from "../http/access/bearer_keys.ts";
import type { JsonLimits } from "../http/request/request_grammar.ts";
import type { MismatchPolicy } from "../http/request/open_save.ts";
import type { MetricsAccess } from "../http/site/metrics.ts";
import type { Rate } from "../http/access/token_bucket.ts";
import type { LogFormat } from "../observe/request_log.ts";
import type { StateKey } from "../state/state_keys.ts";
import { isHost, MAX_PORT } from "./host_name.ts";
import {
  apiKeys,
  byteCount,
  flag,
  hostNames,
  type InitialFile,
  initialFiles,
  integer,
  jsonLimits,
  metricsAccess,
  type ModelChoice,
  modelChoices,
  type ModelWord,
  modelWords,
  NAME,
  origins,
  rate,
  stateKeys,
} from "./setting_parsers.ts";

/** Where the maths shall run. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Everything that can be set; flags.ts says what each setting does. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 takes any. */
  readonly port: number;
  /** What to serve, the default first; none: the embedded model. */
  readonly model: readonly ModelWord[];
  /** Paths of vocabularies that are not beside their weights. */
  readonly vocab: readonly ModelChoice<string>[];
  /** Bytes that models may take at once; by default what the machine has. */
  readonly "model-memory"?: number | undefined;
  /** Where the maths shall run. */
  readonly device: DeviceChoice;
  /** Threads of the wasm device; by default one a core. */
  readonly threads?: number | undefined;
  /** Conversations computed at once. */
  readonly lanes: number;
  /** How chats are written, where not as the model's files say. */
  readonly "chat-form": readonly ModelChoice<ChatFormName>[];
  /** Whether texts begin with token 0, where not as the model's files say. */
  readonly bos: readonly ModelChoice<boolean>[];
  /** How matrices are kept. */
  readonly quant: "none" | "int8" | "int4";
  /** Keys that seal states, the first of them, and open them. */
  readonly "state-keys"?: readonly StateKey[] | undefined;
  /** Seconds that a state can be used. */
  readonly "state-ttl"?: number | undefined;
  /** Seconds that a conversation can be gone on with, however often renewed. */
  readonly "state-max-age"?: number | undefined;
  /** Servers that share states. */
  readonly "state-audience": string;
  /** Whether states may go unencrypted. */
  readonly portable: boolean;
  /** Whether states have transcripts. */
  readonly transcript: TranscriptPolicy;
  /** What becomes of another model's state, where a request does not say. */
  readonly "on-mismatch": MismatchPolicy;
  /** States that texts may begin with. */
  readonly initial: readonly InitialFile[];
  /** SHA-256, in hex, of the keys that may call; none: everybody may. */
  readonly "api-keys": readonly ApiKey[];
  /** A file with keys of both kinds, read again when it changes. */
  readonly "keys-file"?: string | undefined;
  /** How much a caller may ask a minute, where its key does not say. */
  readonly rate: Rate;
  /** Turns of one tenant that may wait; by default half of the queue. */
  readonly "tenant-turns"?: number | undefined;
  /** Seconds that a turn may take. */
  readonly timeout: number;
  /** Seconds that the body of a request may take to arrive. */
  readonly "body-timeout": number;
  /** How long values of JSON may be where neither schema nor request says it. */
  readonly "json-limits": JsonLimits;
  /** Whether unknown fields are refused in OpenAI's shapes too. */
  readonly strict: boolean;
  /** Origins whose pages may call. */
  readonly "cors-origins": readonly string[];
  /** Names by which a loopback server without keys may be called. */
  readonly "trusted-hosts": readonly string[];
  /** Whether other processes may listen on the same port. */
  readonly "reuse-port": boolean;
  /** Who may read `/metrics`; nobody where it is `none`. */
  readonly metrics: MetricsAccess | "none";
  /** How requests are logged. */
  readonly log: LogFormat;
}

/** The name of a setting, as a flag without its dashes. */
export type Name = keyof Config;

/** How the words of a setting are read. */
export interface Setting<T> {
  /** How to repair them, where the schema's own words do not say so. */
  readonly repair?: string;
  /** Reads them. */
  readonly schema: z.ZodType<T, string | undefined>;
}

/** Every setting, by its flag without the dashes; flags.ts says what each does. */
export const SETTINGS: { readonly [N in Name]-?: Setting<Config[N]> } = {
  host: {
    schema: z.string().refine(isHost, "expected a host's name or IP address")
      .default("127.0.0.1"),
  },
  port: {
    schema: integer(0, MAX_PORT).default(8000),
  },
  model: {
    schema: modelWords.default([]),
  },
  vocab: {
    schema: modelChoices(z.string()).default([]),
  },
  "model-memory": {
    schema: byteCount.optional(),
  },
  device: {
    schema: z.enum(["auto", "webgpu", "wasm"], {
      error: "expected auto, webgpu or wasm",
    }).default("auto"),
  },
  threads: {
    schema: integer(1, 256).optional(),
  },
  lanes: {
    schema: integer(1, 1024).default(8),
  },
  "chat-form": {
    schema: modelChoices(
      z.enum(CHAT_FORMS, { error: `expected ${CHAT_FORMS.join(", ")}` }),
    ).default([]),
  },
  bos: {
    schema: modelChoices(flag).default([]),
  },
  quant: {
    schema: z.enum(["none", "int8", "int4"], {
      error: "expected none, int8 or int4",
    }).default("none"),
  },
  "state-keys": {
    schema: stateKeys.optional(),
  },
  "state-ttl": {
    schema: integer(1, 2 ** 32 - 1).optional(),
  },
  "state-max-age": {
    schema: integer(1, 2 ** 32 - 1).optional(),
  },
  "state-audience": {
    schema: z.string().regex(NAME, "expected letters, digits, . _ -").default(
      "gosling",
    ),
  },
  portable: {
    schema: flag.default(false),
  },
  transcript: {
    schema: z.enum(["allow", "always", "never"], {
      error: "expected allow, always or never",
    }).default("allow"),
  },
  "on-mismatch": {
    schema: z.enum(["refuse", "rebase"], {
      error: "expected refuse or rebase",
    }).default("refuse"),
  },
  initial: {
    schema: initialFiles.default([]),
  },
  "api-keys": {
    repair: "Hash one with: printf %s KEY | sha256sum",
    schema: apiKeys.default([]),
  },
  "keys-file": {
    schema: z.string().min(1).optional(),
  },
  rate: {
    schema: rate.default({}),
  },
  "tenant-turns": {
    schema: integer(0, 1_000_000).optional(),
  },
  timeout: {
    schema: integer(1, 86_400).default(600),
  },
  "body-timeout": {
    schema: integer(1, 86_400).default(60),
  },
  "json-limits": {
    schema: jsonLimits.default({}),
  },
  strict: {
    schema: flag.default(false),
  },
  "cors-origins": {
    schema: origins.default(["*"]),
  },
  "trusted-hosts": {
    schema: hostNames.default([]),
  },
  "reuse-port": {
    schema: flag.default(false),
  },
  metrics: {
    schema: metricsAccess.default("keys"),
  },
  log: {
    schema: z.enum(["json", "text", "none"], {
      error: "expected json, text or none",
    }).default("none"),
  },
};
