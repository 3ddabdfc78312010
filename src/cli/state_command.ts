/**
 * `deno task state`: looks into saves, moves them, compares, mixes, edits, scores
 * and converts them.
 *
 * @module
 */

import { z } from "zod";
import type { Client } from "../client/client.ts";
import type { SaveFileContent } from "../client/save_file.ts";
import {
  commandNamed,
  type Flags,
  parseCommand,
} from "../config/command_line.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import type { Config } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import { snakeCase } from "../http/answer/snake_case.ts";
import { diff } from "../state/analysis/state_diff.ts";
import { inspectSave } from "../state/analysis/inspect_save.ts";
import type { OpenedFile } from "../state/vault.ts";
import { command, startWhereTyped, write } from "../terminal.ts";
import { connect, readCommandConfig } from "./connect_client.ts";
import {
  EDIT_FLAGS,
  forgetInSave,
  mergeSavesInto,
  teachSave,
} from "./edit_save.ts";
import { OVERWRITE_FLAGS, SAVE_FLAGS, WHERE_FLAGS } from "./common_flags.ts";
import { diffText, inspectionText } from "./inspection_text.ts";
import { openLocal, sealLocal } from "./local_vault.ts";
import { takeFromElsewhere, writeForElsewhere } from "./move_save.ts";
import { expectFree } from "./confirm_overwrite.ts";
import { Passphrase } from "./passphrase_flag.ts";
import { findSave, SaveFolder, sealingKeys } from "./saves_folder.ts";

const STATE_HELP: CommandHelp = {
  about: "Looks into saves, moves them, compares, mixes, edits, scores and " +
    "converts them. A save is a name in the folder, or the path of a file.",
  usage: [
    "deno task state inspect SAVE",
    "deno task state export SAVE FILE     for another folder, a server or the page",
    "deno task state import FILE --to NAME",
    "deno task state key                  where the key of the saves is",
    "deno task state diff SAVE SAVE",
    "deno task state mix SAVE=WEIGHT SAVE=WEIGHT … --to NAME",
    'deno task state teach [SAVE] --say TEXT … --fact "QUESTION=ANSWER" … --to NAME',
    'deno task state forget SAVE --fact "QUESTION=ANSWER" … --to NAME',
    "deno task state merge SAVE[=WEIGHT] SAVE[=WEIGHT] … --to NAME",
    "deno task state rebase SAVE …          read their transcripts again",
    "deno task state rebase --to NAME < TEXT",
    "deno task state lock SAVE --passphrase ask      and unlock",
    "deno task state score SAVE TEXT TEXT …",
  ],
  groups: [
    {
      title: "The result",
      flags: {
        to: { placeholder: "NAME", help: "Name of the resulting save" },
        ...OVERWRITE_FLAGS,
        json: {
          placeholder: "",
          help: "inspect, diff: print everything, as JSON",
          values: ["yes"],
          alone: "yes",
        },
        codec: {
          placeholder: "NAME",
          help: "mix, teach, forget, merge, rebase, import --as: how the " +
            "result is written (exact)",
        },
      },
    },
    {
      title: "Moving (export and import)",
      flags: {
        "server-keys": {
          placeholder: "KEYS",
          help: "The keys of the server that the file goes to or came from: " +
            "its keys file, or KID:BASE64URL",
        },
        tenant: {
          placeholder: "NAME",
          help: "Tenant on that server: the name of its API key (none)",
        },
        portable: {
          placeholder: "",
          help: "Write the file unencrypted, for a server with --portable",
          values: ["yes"],
          alone: "yes",
        },
        as: {
          placeholder: "LAYOUT",
          help: "The state of another engine: gosling (bare values), " +
            "llama.cpp, rwkv, rwkv.cpp, time-state or web-rwkv",
        },
        position: {
          placeholder: "N",
          help: "import --as: tokens that it has read, where the file does " +
            "not say (0)",
          number: true,
        },
      },
    },
    EDIT_FLAGS,
    SAVE_FLAGS,
    {
      title: "The model, for what needs one (mix, teach, forget, merge, " +
        "rebase, score, --as)",
      flags: WHERE_FLAGS.flags,
    },
  ],
};

/** What a tool works with. */
interface Bench {
  readonly saves: SaveFolder;
  readonly config: Config;
  readonly flags: Flags;
  readonly words: readonly string[];
  /** A server, or a model loaded here at the first call. */
  readonly client: () => Promise<Client>;
}

const MadeState = z.object({ state: z.string(), position: z.int() });
const Exported = z.object({ data: z.string() });
const ScoresAnswer = z.object({
  scores: z.array(z.object({ share: z.number(), logprob: z.number() })),
});

const STATE_TOOLS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async inspect(bench) {
    const name = commandWord(bench, 0, "a save");
    const save = await findSave(bench.saves, name);
    if (bench.flags.url !== undefined) {
      return await printInspection(bench, "inspect", { state: save.state });
    }
    const found = inspectSave(await openForStateCommand(bench, save, name));
    write(
      bench.flags.json === undefined
        ? inspectionText(save, found)
        : `${JSON.stringify(snakeCase(found), null, 2)}\n`,
    );
  },
  async diff(bench) {
    const names = [
      commandWord(bench, 0, "a save"),
      commandWord(bench, 1, "another save"),
    ];
    const saves = await Promise.all(
      names.map((name) => findSave(bench.saves, name)),
    );
    if (bench.flags.url !== undefined) {
      const [a, b] = saves.map(({ state }) => state);
      return await printInspection(bench, "diff", { a, b });
    }
    const [a, b] = await Promise.all(
      saves.map((save, i) => openForStateCommand(bench, save, names[i] ?? "")),
    );
    if (a === undefined || b === undefined) throw new RangeError("No saves");
    const found = diff(a, b);
    write(
      bench.flags.json === undefined
        ? diffText(found)
        : `${JSON.stringify(snakeCase(found), null, 2)}\n`,
    );
  },
  async mix(bench) {
    commandWord(bench, 0, "SAVE=WEIGHT");
    const states = await Promise.all(bench.words.map(async (share) => {
      const [, name = share, weight = "1"] = /^(.*)=([^=]*)$/.exec(share) ?? [];
      const { state } = await findSave(bench.saves, name);
      return { state, weight: Number(weight) };
    }));
    await make(bench, "mix", { states });
  },
  async teach(bench) {
    await teachSave(bench, await resultName(bench));
  },
  async forget(bench) {
    await forgetInSave(bench, await resultName(bench));
  },
  async merge(bench) {
    await mergeSavesInto(bench, await resultName(bench));
  },
  async rebase(bench) {
    if (bench.words.length > 0) return await rebaseSaves(bench);
    const prompt = await new Response(Deno.stdin.readable).text();
    await make(bench, "rebase", { prompt });
  },
  async score(bench) {
    const { state } = await findSave(
      bench.saves,
      commandWord(bench, 0, "a save"),
    );
    commandWord(bench, 1, "a text");
    const texts = bench.words.slice(1);
    const client = await bench.client();
    const { scores } = ScoresAnswer.parse(
      await client.post("/v1/state/score", { state, texts }),
    );
    for (const [i, { share, logprob }] of scores.entries()) {
      const percent = (100 * share).toFixed(2).padStart(6);
      write(`${percent} %  ${logprob.toFixed(3)}  ${texts[i]}\n`);
    }
  },
  async export(bench) {
    const name = commandWord(bench, 0, "a save");
    const save = await findSave(bench.saves, name);
    const file = commandWord(bench, 1, "a file");
    const { as: to } = bench.flags;
    if (to === undefined) {
      return await writeForElsewhere(bench, save, name, file);
    }
    const client = await bench.client();
    const { data } = Exported.parse(
      await client.post("/v1/state/convert", { state: save.state, to }),
    );
    await Deno.writeFile(file, Uint8Array.fromBase64(data));
    write(`Wrote ${file}\n`);
  },
  async import(bench) {
    const file = commandWord(bench, 0, "a file");
    const { as: from, position } = bench.flags;
    if (from === undefined) {
      return await takeFromElsewhere(bench, file, await resultName(bench));
    }
    await make(bench, "convert", {
      from,
      data: (await bytesOfFile(file)).toBase64(),
      ...position !== undefined && { position: Number(position) },
    });
  },
  async lock(bench) {
    await sealAgain(bench, true);
  },
  async unlock(bench) {
    await sealAgain(bench, false);
  },
  async key({ saves }) {
    await saves.key();
    write(
      `${saves.keyPath}\nA server opens the saves of this folder with: ` +
        `deno task start --keys-file ${saves.keyPath}\n`,
    );
  },
};

if (import.meta.main) await command(() => state(Deno.args));

async function state(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(STATE_HELP));
  startWhereTyped();
  const { flags, words: [name = "", ...words] } = parseCommand(
    args,
    STATE_HELP.groups,
  );
  const tool = commandNamed(STATE_TOOLS, name, "tool");
  const saves = new SaveFolder(flags.saves);
  const config = readCommandConfig(flags);
  let connected: ReturnType<typeof connect> | undefined;
  const client = async () => {
    connected ??= connect(flags, saves);
    return (await connected).client;
  };
  try {
    await tool({ saves, config, flags, words, client });
  } finally {
    await (await connected?.catch(() => undefined))?.close();
  }
}

/** Reads the transcripts of saves anew, each in its place. */
async function rebaseSaves(bench: Bench): Promise<void> {
  const { saves, words, flags } = bench;
  const { codec = "exact" } = flags;
  const client = await bench.client();
  const failed: string[] = [];
  for (const name of words) {
    try {
      const save = await findSave(saves, name);
      const { state, position } = MadeState.parse(
        await client.post("/v1/state/rebase", {
          state: save.state,
          state_codec: codec,
        }),
      );
      await saves.write(save.name, state, {
        ...save,
        turn: { position, codec },
      });
      write(`Saved ${save.name} (${position} tokens, ${state.length} bytes)\n`);
    } catch (error) {
      failed.push(name);
      write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    }
  }
  if (failed.length > 0) {
    throw invalidStateCommand(`Cannot read again: ${failed.join(", ")}`);
  }
}

/** Seals a save of the folder again, with the passphrase or without it. */
async function sealAgain(bench: Bench, locked: boolean): Promise<void> {
  const { saves, config, flags } = bench;
  const passphrase = Passphrase.of(flags, saves);
  if (passphrase === undefined) {
    throw invalidStateCommand("Cannot go on: --passphrase is missing");
  }
  const name = commandWord(bench, 0, "a save");
  const save = await findSave(saves, name);
  const keys = await sealingKeys(config, saves);
  const secret = await passphrase.ownerFor(save.state);
  const opened = await openLocal(save.state, name, config, { keys, secret });
  const state = await sealLocal(opened, config, {
    keys,
    ...locked && { secret },
  });
  const { position } = opened.save;
  await saves.write(save.name, state, {
    ...save,
    turn: { ...save.turn, position, bytes: state.length },
  });
  write(`${locked ? "Locked" : "Unlocked"} ${save.name}\n`);
}

async function printInspection(
  { client }: Bench,
  tool: string,
  body: object,
): Promise<void> {
  const server = await client();
  const found = await server.post(`/v1/state/${tool}`, body);
  write(`${JSON.stringify(found, null, 2)}\n`);
}

async function make(bench: Bench, tool: string, body: object): Promise<void> {
  const to = await resultName(bench);
  const { codec = "exact" } = bench.flags;
  const client = await bench.client();
  const { state, position } = MadeState.parse(
    await client.post(`/v1/state/${tool}`, { ...body, state_codec: codec }),
  );
  await bench.saves.write(to, state, { turn: { position, codec } });
  write(`Saved ${to} (${position} tokens, ${state.length} bytes)\n`);
}

/** The name of the result, once nothing of that name would be lost. */
async function resultName({ saves, flags }: Bench): Promise<string> {
  const { to } = flags;
  if (to === undefined) {
    throw invalidStateCommand("Cannot keep the result: --to is missing");
  }
  await expectFree(saves, to, flags);
  return to;
}

async function openForStateCommand(
  { saves, config, flags }: Bench,
  { state }: SaveFileContent,
  name: string,
): Promise<OpenedFile> {
  const { tenant } = flags;
  const keys = await sealingKeys(config, saves);
  const secret = await Passphrase.of(flags, saves)?.ownerFor(state);
  return await openLocal(state, name, config, { keys, tenant, secret });
}

function commandWord({ words }: Bench, index: number, what: string): string {
  const found = words[index];
  if (found === undefined) {
    throw invalidStateCommand(`Cannot go on: ${what} is missing`);
  }
  return found;
}

async function bytesOfFile(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    throw invalidStateCommand(
      `Cannot read ${file}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function invalidStateCommand(message: string): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", `${message}. --help tells more`);
}
