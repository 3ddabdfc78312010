/**
 * `deno task state teach`, `forget` and `merge`: edits of a save, and what came of
 * them.
 *
 * @module
 */

import type {
  ChatMessage,
  Client,
  EditAnswer,
  EditedFact,
  KnownFact,
  SaveCodecName,
} from "../client/client.ts";
import type { SaveFileContent } from "../client/save_file.ts";
import type { Flags } from "../config/command_line.ts";
import type { FlagGroup } from "../config/flag_list.ts";
import { CODEC_NAMES } from "../state/codec.ts";
import { ConfigError } from "../errors.ts";
import { note, write } from "../terminal.ts";
import { findSave, type SaveFolder } from "./saves_folder.ts";

/** What edits may be told. */
export const EDIT_FLAGS: FlagGroup = {
  title: "Editing (teach, forget, merge)",
  flags: {
    say: {
      placeholder: "TEXT",
      help: "teach, forget: message to the model (repeatable)",
      repeatable: true,
    },
    fact: {
      placeholder: "QUESTION=ANSWER",
      help: "Fact to learn, keep or forget (repeatable)",
      repeatable: true,
    },
    keep: {
      placeholder: "QUESTION=ANSWER",
      help: "teach, forget: fact to preserve (repeatable)",
      repeatable: true,
    },
    candidates: {
      placeholder: "N",
      help: "teach, forget: maximum number of attempts (6)",
      number: true,
    },
  },
};

/** What an edit works with. */
export interface EditBench {
  /** The saves. */
  readonly saves: SaveFolder;
  /** The command's flags. */
  readonly flags: Flags;
  /** Names of saves. */
  readonly words: readonly string[];
  /** A server, or a model loaded here. */
  readonly client: () => Promise<Client>;
}

/** Teaches a save, or a blank state, and keeps what that leaves. */
export async function teachSave(bench: EditBench, to: string): Promise<void> {
  const { flags, words: [name], saves } = bench;
  const save = name === undefined ? undefined : await findSave(saves, name);
  const statements = linesOfText(flags.say);
  if (statements.length === 0) {
    throw invalidEdit("Cannot teach: --say TEXT is missing");
  }
  const client = await bench.client();
  const edited = await client.teach({
    ...(save !== undefined && { state: save.state }),
    statements,
    ...lists(flags),
    ...codecOption(flags),
  });
  const told = edited.told.map(({ user, assistant }) => ({
    user,
    answer: assistant,
  }));
  await keep(bench, to, edited, {
    past: [...save?.past ?? [], ...told],
    partial: save?.partial ?? false,
  });
}

/** Makes a save forget, and keeps what that leaves. */
export async function forgetInSave(
  bench: EditBench,
  to: string,
): Promise<void> {
  const { flags, saves } = bench;
  const save = await findSave(saves, name(bench, 0));
  const messages = messagesOfSave(save);
  const { facts = [], ...rest } = lists(flags);
  if (facts.length === 0) {
    throw invalidEdit("Cannot forget: --fact QUESTION=ANSWER is missing");
  }
  const statements = linesOfText(flags.say);
  const client = await bench.client();
  const edited = await client.forget({
    state: save.state,
    ...(messages.length > 0 && { messages }),
    facts,
    ...(statements.length > 0 && { statements }),
    ...rest,
    ...codecOption(flags),
  });
  // Reading the words again would teach what was to be forgotten.
  await keep(bench, to, edited);
}

/** Merges saves, reading again what was said where the saves have it. */
export async function mergeSavesInto(
  bench: EditBench,
  to: string,
): Promise<void> {
  name(bench, 1);
  const states = await Promise.all(bench.words.map(async (share) => {
    const [, name = share, weight = "1"] = /^(.*)=([^=]*)$/.exec(share) ?? [];
    const save = await findSave(bench.saves, name);
    const messages = messagesOfSave(save);
    return {
      state: save.state,
      weight: Number(weight),
      ...(messages.length > 0 && { messages }),
    };
  }));
  const { facts = [] } = lists(bench.flags);
  const client = await bench.client();
  const { state_codec } = codecOption(bench.flags);
  const edited = await client.merge({ states, facts, state_codec });
  await keep(bench, to, edited);
}

/** Says what came of an edit, and keeps its save unless it did nothing. */
async function keep(
  { saves, flags }: EditBench,
  to: string,
  { summary, achieved, method, facts, kept, state, position }: EditAnswer,
  words: Pick<SaveFileContent, "past" | "partial"> = { past: [] },
): Promise<void> {
  write(`${summary}\n`);
  for (const fact of facts) write(factLine(fact));
  for (const fact of kept) write(factLine(fact));
  if (achieved === false) Deno.exitCode = 1;
  if (method === "nothing") return note(`${to} was not written`);
  const { state_codec: codec } = codecOption(flags);
  await saves.write(to, state, { turn: { position, codec }, ...words });
  write(`Saved ${to} (${position} tokens, ${state.length} bytes): ${method}\n`);
}

/** A fact in a line: whether it is as it was to be, and its probability. */
function factLine(
  { question, answer, before, after, says = "", achieved }: EditedFact,
): string {
  const chance = (logprob: number) => {
    const percent = 100 * Math.exp(logprob);
    if (percent < 0.01) return "under 0.01 %";
    return `${percent < 10 ? percent.toPrecision(2) : percent.toFixed()} %`;
  };
  const said = says === "" ? "" : `; says: ${says.replaceAll(/\s+/g, " ")}`;
  return `  ${achieved ? "yes" : "NO "}  ${question} ${answer}  ` +
    `${chance(before)} -> ${chance(after)}${said}\n`;
}

/** Everything said, for a state that reads it again; nothing if it is not all known. */
function messagesOfSave({ past, partial }: SaveFileContent): ChatMessage[] {
  if (partial === true) return [];
  return past.flatMap(({ user, answer }): ChatMessage[] => [
    ...user === "" ? [] : [{ role: "user", content: user } as const],
    ...answer === "" ? [] : [{ role: "assistant", content: answer } as const],
  ]);
}

function lists(
  flags: Flags,
): { facts?: KnownFact[]; keep?: KnownFact[]; candidates?: number } {
  const { fact, keep, candidates } = flags;
  return {
    ...(fact !== undefined && { facts: linesOfText(fact).map(factOf) }),
    ...(keep !== undefined && { keep: linesOfText(keep).map(factOf) }),
    ...(candidates !== undefined && { candidates: Number(candidates) }),
  };
}

function codecOption(
  { codec = "exact" }: Flags,
): { state_codec: SaveCodecName } {
  const found = CODEC_NAMES.find((name) => name === codec);
  if (found === undefined) {
    throw invalidEdit(
      `Cannot write a save: --codec is ${codec}, expected one of ${
        CODEC_NAMES.join(", ")
      }`,
    );
  }
  return { state_codec: found };
}

function factOf(text: string): KnownFact {
  const at = text.indexOf("=");
  const [question, answer] = [text.slice(0, at), text.slice(at + 1)]
    .map((part) => part.trim());
  if (at < 0 || !question || !answer) {
    throw invalidEdit(
      `Cannot read the fact ${
        JSON.stringify(text)
      }: expected QUESTION=ANSWER, ` +
        `as "What is my name?=Your name is Dave."`,
    );
  }
  return { question, answer };
}

function linesOfText(text: string | undefined): string[] {
  return text?.split("\n") ?? [];
}

function name({ words }: EditBench, index: number): string {
  const found = words[index];
  if (found === undefined) throw invalidEdit("Cannot go on: a save is missing");
  return found;
}

function invalidEdit(message: string): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", `${message}. --help tells more`);
}
