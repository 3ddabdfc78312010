/**
 * What can be set, and how its words are read.
 *
 * @module
 */

import { z } from "zod";
import type { ApiKey } from "../http/access/auth.ts";
import type { MetricsAccess } from "../http/site/metrics.ts";
import type { Rate } from "../http/access/token_bucket.ts";
import type { LogFormat } from "../observe/log.ts";
import type { StateKey } from "../state/keys.ts";
import {
  apiKeys,
  byteCount,
  flag,
  type InitialFile,
  initialFiles,
  integer,
  metricsAccess,
  type ModelWord,
  modelWords,
  NAME,
  origins,
  rate,
  stateKeys,
  type VocabularyFile,
  vocabularyFiles,
} from "./values.ts";

/** Where the maths shall run. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Everything that can be set; `--help` says what each setting does. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 takes any. */
  readonly port: number;
  /** What to serve, the default first; none: the embedded model. */
  readonly model: readonly ModelWord[];
  /** Vocabularies that are not beside their weights. */
  readonly vocab: readonly VocabularyFile[];
  /** Bytes that models may take at once; absent: what the machine has. */
  readonly "model-memory"?: number | undefined;
  /** Where the maths shall run. */
  readonly device: DeviceChoice;
  /** Threads of the wasm device; absent: one a core. */
  readonly threads?: number | undefined;
  /** Conversations computed at once. */
  readonly lanes: number;
  /** How matrices are kept. */
  readonly quant: "none" | "int8" | "int4";
  /** Keys that seal states, the first of them, and open them. */
  readonly "state-keys"?: readonly StateKey[] | undefined;
  /** Seconds that a state can be used. */
  readonly "state-ttl"?: number | undefined;
  /** Servers that share states. */
  readonly "state-audience": string;
  /** Whether states may go unencrypted. */
  readonly portable: boolean;
  /** States that texts may begin with. */
  readonly initial: readonly InitialFile[];
  /** SHA-256, in hex, of the keys that may call; none: everybody may. */
  readonly "api-keys": readonly ApiKey[];
  /** A file with keys of both kinds, read again when it changes. */
  readonly "keys-file"?: string | undefined;
  /** How much a caller may ask a minute, where its key does not say. */
  readonly rate: Rate;
  /** Turns of one tenant that may wait; absent: half of the queue. */
  readonly "tenant-turns"?: number | undefined;
  /** Seconds that a turn may take. */
  readonly timeout: number;
  /** Seconds that the body of a request may take to arrive. */
  readonly "body-timeout": number;
  /** Origins whose pages may call. */
  readonly "cors-origins": readonly string[];
  /** Whether other processes may listen on the same port. */
  readonly "reuse-port": boolean;
  /** Who may read `/metrics`; nobody where it is `none`. */
  readonly metrics: MetricsAccess | "none";
  /** How requests are logged. */
  readonly log: LogFormat;
}

/** The name of a setting, as a flag without its dashes. */
export type Name = keyof Config;

/** One setting: as people see it, and how its words are read. */
export interface Setting<T> {
  /** What stands for its value in the help. */
  readonly placeholder: string;
  /** What it does, and its default. */
  readonly help: string;
  /** How to repair it, where the schema's own words do not say so. */
  readonly repair?: string;
  /** Reads its words. */
  readonly schema: z.ZodType<T, string | undefined>;
}

/** Every setting, by its flag without the dashes. */
export const SETTINGS: { readonly [N in Name]-?: Setting<Config[N]> } = {
  host: {
    placeholder: "NAME",
    help: "Address to listen on (127.0.0.1)",
    schema: z.string().min(1).default("127.0.0.1"),
  },
  port: {
    placeholder: "N",
    help: "Port to listen on (8000); 0 takes any",
    schema: integer(0, 65_535).default(8000),
  },
  model: {
    placeholder: "[NAME=]MODEL",
    help:
      "Weights, a folder with weights and vocabulary, a pulled model, or gosling; repeatable, and then loaded when asked for by name (gosling)",
    schema: modelWords.default([]),
  },
  vocab: {
    placeholder: "[NAME=]PATH",
    help:
      "The vocabulary, of the model of that name; repeatable (beside the weights)",
    schema: vocabularyFiles.default([]),
  },
  "model-memory": {
    placeholder: "BYTES",
    help:
      "What models may take at once, as 6GB: those unused for longest are unloaded (what is free)",
    schema: byteCount.optional(),
  },
  device: {
    placeholder: "NAME",
    help: "auto, webgpu or wasm (auto)",
    schema: z.enum(["auto", "webgpu", "wasm"], {
      error: "expected auto, webgpu or wasm",
    }).default("auto"),
  },
  threads: {
    placeholder: "N",
    help: "Threads of the wasm device (all cores)",
    schema: integer(1, 256).optional(),
  },
  lanes: {
    placeholder: "N",
    help: "Conversations computed at once (8)",
    schema: integer(1, 1024).default(8),
  },
  quant: {
    placeholder: "NAME",
    help: "Matrices in memory: none, int8 or int4 (none)",
    schema: z.enum(["none", "int8", "int4"], {
      error: "expected none, int8 or int4",
    }).default("none"),
  },
  "state-keys": {
    placeholder: "LIST",
    help: "kid:base64url,… of 32 bytes; the first seals, all open (a new one)",
    schema: stateKeys.optional(),
  },
  "state-ttl": {
    placeholder: "SECONDS",
    help: "How long a state can be used (no limit)",
    schema: integer(1, 2 ** 32 - 1).optional(),
  },
  "state-audience": {
    placeholder: "NAME",
    help: "Servers that share states; others reject them (gosling)",
    schema: z.string().regex(NAME, "expected letters, digits, . _ -").default(
      "gosling",
    ),
  },
  portable: {
    placeholder: "yes|no",
    help: "Allow unencrypted states (no)",
    schema: flag.default(false),
  },
  initial: {
    placeholder: "NAME=PATH",
    help:
      "A state or save that texts may begin with; NAME=LAYOUT:PATH where the file does not say what it is; repeatable",
    schema: initialFiles.default([]),
  },
  "api-keys": {
    placeholder: "LIST",
    help:
      "name:sha256hex,… of the keys that may call (everybody may); name:sha256hex:RATE for a rate of its own",
    repair: "Hash one with: printf %s KEY | sha256sum",
    schema: apiKeys.default([]),
  },
  "keys-file": {
    placeholder: "PATH",
    help:
      "A file of lines `state KID:SECRET` and `api NAME:SHA256[:RATE]`, read again when it changes and at SIGHUP",
    schema: z.string().min(1).optional(),
  },
  rate: {
    placeholder: "R[/T]",
    help: "Requests and tokens a minute of each tenant, * for any (*)",
    schema: rate.default({}),
  },
  "tenant-turns": {
    placeholder: "N",
    help: "Turns of one tenant that may wait for a lane (half of the queue)",
    schema: integer(0, 1_000_000).optional(),
  },
  timeout: {
    placeholder: "SECONDS",
    help: "How long a turn may take; it then ends with its save (600)",
    schema: integer(1, 86_400).default(600),
  },
  "body-timeout": {
    placeholder: "SECONDS",
    help: "How long the body of a request may take to arrive (60)",
    schema: integer(1, 86_400).default(60),
  },
  "cors-origins": {
    placeholder: "LIST",
    help: "Origins whose pages may call, * for any, none for none (*)",
    schema: origins.default(["*"]),
  },
  "reuse-port": {
    placeholder: "yes|no",
    help: "Let other processes listen on the same port, as replicas do (no)",
    schema: flag.default(false),
  },
  metrics: {
    placeholder: "WHO",
    help:
      "Who may read /metrics: open, keys, key:NAME or none (keys: everybody where there are no keys)",
    schema: metricsAccess.default("keys"),
  },
  log: {
    placeholder: "NAME",
    help: "A line for each request on stderr: json, text or none (none)",
    schema: z.enum(["json", "text", "none"], {
      error: "expected json, text or none",
    }).default("none"),
  },
};
