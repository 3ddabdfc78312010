/**
 * Flags as people see them: what `--help` prints and a command line may name. How
 * the values of settings are read is in settings.ts, so that a launcher and `--help`
 * need none of it.
 *
 * @module
 */

import type { Name } from "./settings.ts";

/** One flag. */
export interface Flag {
  /** What stands for its value in the help. */
  readonly placeholder: string;
  /** What it does, and its default in brackets. */
  readonly help: string;
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** The values that it takes, where they can be listed. */
  readonly values?: readonly string[];
  /** What it means without a value; without it a value has to follow. */
  readonly alone?: string;
  /** Whether its value is a number. */
  readonly number?: boolean;
}

/** Flags under one heading, the most used first. */
export interface FlagGroup {
  /** The heading. */
  readonly title: string;
  /** By name, without dashes. */
  readonly flags: Readonly<Record<string, Flag>>;
}

/** The words that a yes-or-no flag takes. */
export const YES_OR_NO: readonly string[] = [
  "yes",
  "no",
  "true",
  "false",
  "1",
  "0",
];

/** A flag that says yes or no, and yes where it stands alone. */
export function yesOrNo(help: string): Flag {
  return { placeholder: "yes|no", help, values: YES_OR_NO, alone: "yes" };
}

/** Whether such a flag says yes. */
export function isYes(value: string): boolean {
  return ["yes", "true", "1"].includes(value);
}

/** Every setting, which has a `GOSLING_*` variable too. */
export const SETTING_FLAGS: Readonly<Record<Name, Flag>> = {
  model: {
    placeholder: "[NAME=]MODEL",
    help: "Weights, a folder with weights and vocabulary, or the name of a " +
      "pulled model; give it again to serve several (gosling)",
    repeatable: true,
  },
  port: {
    placeholder: "N",
    help: "Port to listen on; 0 takes any (8000)",
  },
  host: {
    placeholder: "NAME",
    help: "Address to listen on; 0.0.0.0 accepts other machines " +
      "(127.0.0.1)",
  },
  device: {
    placeholder: "NAME",
    help: "auto, webgpu or wasm (auto)",
  },
  "chat-form": {
    placeholder: "[NAME=]FORM",
    help: "Chat form of a model: world, g1 or flower (by its files or " +
      "generation)",
    repeatable: true,
  },
  bos: {
    placeholder: "[NAME=]YES",
    help: "Whether texts of a model begin with token 0: yes or no (by its " +
      "files or generation)",
    repeatable: true,
  },
  quant: {
    placeholder: "NAME",
    help: "How matrices are kept in memory: none, int8 or int4 (none)",
  },
  lanes: {
    placeholder: "N",
    help: "Conversations computed at once (8)",
  },
  threads: {
    placeholder: "N",
    help: "Threads of the wasm device (as many as make it faster)",
  },
  vocab: {
    placeholder: "[NAME=]PATH",
    help: "Vocabulary of a model (the file beside its weights)",
    repeatable: true,
  },
  "model-memory": {
    placeholder: "BYTES",
    help:
      "Memory for loaded models, such as 6GB; the least recently used one " +
      "is unloaded (the free memory)",
  },
  initial: {
    placeholder: "NAME=PATH",
    help: "A state or save that requests can start from; " +
      "NAME=LAYOUT:PATH if its layout cannot be detected",
    repeatable: true,
  },
  "state-keys": {
    placeholder: "LIST",
    help: "KID:BASE64URL,… of 32 bytes; the first seals, all open (a random " +
      "key, lost with the process)",
  },
  "state-ttl": {
    placeholder: "SECONDS",
    help: "Lifetime of a save (no limit)",
  },
  "state-max-age": {
    placeholder: "SECONDS",
    help: "Lifetime of a conversation, renewals of its save included (no " +
      "limit)",
  },
  "state-audience": {
    placeholder: "NAME",
    help: "Name of a group of servers that share saves (gosling)",
  },
  portable: yesOrNo("Allow saves that are not encrypted (no)"),
  transcript: {
    placeholder: "NAME",
    help: "Transcripts in saves: allow (a request decides), always or never " +
      "(allow)",
    values: ["allow", "always", "never"],
  },
  "on-mismatch": {
    placeholder: "NAME",
    help:
      "Default treatment of another model's save with a transcript: refuse " +
      "it, or rebase, which reads the transcript again (refuse)",
    values: ["refuse", "rebase"],
  },
  "keys-file": {
    placeholder: "PATH",
    help: "A file of lines state KID:SECRET and api NAME:SHA256[:RATE], read " +
      "again when it changes and at SIGHUP",
  },
  "api-keys": {
    placeholder: "LIST",
    help: "Accepted API keys, NAME:SHA256[:RATE],… (no key is needed)",
  },
  rate: {
    placeholder: "R[/T]",
    help: "Requests and tokens a minute for each tenant; * for any (*)",
  },
  "tenant-turns": {
    placeholder: "N",
    help: "Turns of one tenant that may wait (half of the queue)",
  },
  timeout: {
    placeholder: "SECONDS",
    help: "Time limit of a turn, which then ends with its save (600)",
  },
  "body-timeout": {
    placeholder: "SECONDS",
    help: "Time limit for receiving a request body (60)",
  },
  "json-limits": {
    placeholder: "LIST",
    help: "string=N,digits=N,items=N: characters of a JSON string, digits of " +
      "a number and items of an array that neither schema nor request bounds " +
      "(half of max_tokens, 512 to 4096; 20; an eighth of max_tokens, 32 to 512)",
  },
  strict: yesOrNo(
    "Refuse unknown fields on OpenAI's and Anthropic's routes instead of " +
      "ignoring them (no)",
  ),
  "cors-origins": {
    placeholder: "LIST",
    help: "Origins allowed by CORS; * for any, none for none (*)",
  },
  "trusted-hosts": {
    placeholder: "LIST",
    help:
      "Names by which a loopback server without keys may be called besides " +
      "localhost; * is any (none)",
  },
  log: {
    placeholder: "NAME",
    help: "Log of requests on stderr: json, text or none (none)",
  },
  metrics: {
    placeholder: "WHO",
    help: "Access to /metrics: open, keys, key:NAME or none (keys; open " +
      "without API keys)",
  },
  "reuse-port": yesOrNo(
    "Let other processes listen on the same port (no)",
  ),
};

/** Some settings under a heading. */
export function settingGroup(title: string, names: readonly Name[]): FlagGroup {
  return {
    title,
    flags: Object.fromEntries(names.map((name) => [name, SETTING_FLAGS[name]])),
  };
}

/** The settings of a server. */
export const SERVER_FLAGS: readonly FlagGroup[] = [
  settingGroup("Most used", ["model", "port", "host", "device", "quant"]),
  settingGroup("Saves", [
    "state-keys",
    "state-ttl",
    "state-max-age",
    "state-audience",
    "initial",
    "portable",
    "transcript",
    "on-mismatch",
  ]),
  settingGroup("Access", [
    "keys-file",
    "api-keys",
    "rate",
    "tenant-turns",
    "cors-origins",
    "trusted-hosts",
    "strict",
  ]),
  settingGroup("Capacity", [
    "lanes",
    "threads",
    "model-memory",
    "vocab",
    "chat-form",
    "bos",
    "timeout",
    "body-timeout",
    "json-limits",
  ]),
  settingGroup("Monitoring", ["log", "metrics", "reuse-port"]),
];

/** Every setting, by its flag without the dashes. */
export function settingNames(): Name[] {
  return Object.keys(SETTING_FLAGS) as Name[];
}

/** The variable of a setting. */
export function variableOf(name: Name): string {
  return `GOSLING_${name.toUpperCase().replaceAll("-", "_")}`;
}
