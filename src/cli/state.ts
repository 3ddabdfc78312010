/**
 * `deno task state`: looks into saves, compares, mixes, scores and converts them.
 *
 * @module
 */

import { z } from "zod";
import type { Client } from "../client/client.ts";
import { asksForHelp, parseCommand } from "../config/command_line.ts";
import { helpOnSettings, readConfig } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import { connect, connectEmbedded } from "./connect.ts";
import { SaveFolder } from "./saves.ts";
import { command, write } from "../terminal.ts";

const HELP = `Tools for saves.

  deno task state inspect NAME
  deno task state diff NAME NAME
  deno task state mix NAME=WEIGHT NAME=WEIGHT … --to NAME
  deno task state rebase --to NAME < TEXT
  deno task state score NAME TEXT TEXT …
  deno task state export NAME FILE --as LAYOUT
  deno task state import FILE --as LAYOUT --to NAME [--position N]

  --as LAYOUT              gosling, llama.cpp, rwkv, rwkv.cpp, time-state, web-rwkv
  --to NAME                Keep the result under this name
  --codec NAME             How the result is written (exact)
  --url URL                Ask this server instead of loading a model
  --saves FOLDER           Where saves are kept (saves)

`;

/** What a tool works with. */
interface Bench {
  readonly client: Client;
  readonly saves: SaveFolder;
  readonly flags: Readonly<Partial<Record<string, string>>>;
  readonly words: readonly string[];
}

const Made = z.object({ state: z.string(), position: z.int() });
const Exported = z.object({ data: z.string() });
const Scores = z.object({
  scores: z.array(z.object({ share: z.number(), logprob: z.number() })),
});

const TOOLS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async inspect(bench) {
    const state = await named(bench, word(bench, 0, "a save"));
    await show(bench, "inspect", { state });
  },
  async diff(bench) {
    const a = await named(bench, word(bench, 0, "a save"));
    const b = await named(bench, word(bench, 1, "another save"));
    await show(bench, "diff", { a, b });
  },
  async mix(bench) {
    word(bench, 0, "NAME=WEIGHT");
    const states = await Promise.all(bench.words.map(async (share) => {
      const [name = "", weight = "1"] = share.split("=");
      return { state: await named(bench, name), weight: Number(weight) };
    }));
    await make(bench, "mix", { states });
  },
  async rebase(bench) {
    const prompt = await new Response(Deno.stdin.readable).text();
    await make(bench, "rebase", { prompt });
  },
  async score(bench) {
    const state = await named(bench, word(bench, 0, "a save"));
    word(bench, 1, "a text");
    const texts = bench.words.slice(1);
    const body = { state, texts };
    const { scores } = Scores.parse(
      await bench.client.post("/v1/state/score", body),
    );
    for (const [i, { share, logprob }] of scores.entries()) {
      const percent = (100 * share).toFixed(2).padStart(6);
      write(`${percent} %  ${logprob.toFixed(3)}  ${texts[i]}\n`);
    }
  },
  async export(bench) {
    const state = await named(bench, word(bench, 0, "a save"));
    const file = word(bench, 1, "a file");
    const body = { state, to: bench.flags.as };
    const { data } = Exported.parse(
      await bench.client.post("/v1/state/convert", body),
    );
    await Deno.writeFile(file, Uint8Array.fromBase64(data));
    write(`Wrote ${file}\n`);
  },
  async import(bench) {
    const file = word(bench, 0, "a file");
    const { as: from, position } = bench.flags;
    await make(bench, "convert", {
      from,
      data: (await bytesOf(file)).toBase64(),
      ...(position !== undefined && { position: Number(position) }),
    });
  },
};

if (import.meta.main) await command(() => state(Deno.args));

async function state(args: readonly string[]): Promise<void> {
  const own = ["as", "to", "codec", "url", "saves", "position"];
  if (asksForHelp(args)) return write(HELP + helpOnSettings());
  const { flags, words: [name = "", ...words] } = parseCommand(args, own);
  const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  if (tool === undefined) {
    throw invalid(
      `Cannot use ${name || "nothing"} as a tool: there are ${
        Object.keys(TOOLS).join(", ")
      }`,
    );
  }
  const saves = new SaveFolder(flags.saves ?? "saves");
  const config = readConfig(flags, (name) => Deno.env.get(name));
  const { client, close } = flags.url === undefined
    ? await connectEmbedded(config, () => saves.key())
    : connect(flags.url);
  try {
    await tool({ client, saves, flags, words });
  } finally {
    await close();
  }
}

async function show(
  { client }: Bench,
  tool: string,
  body: object,
): Promise<void> {
  const found = await client.post(`/v1/state/${tool}`, body);
  write(`${JSON.stringify(found, null, 2)}\n`);
}

async function make(
  { client, saves, flags }: Bench,
  tool: string,
  body: object,
): Promise<void> {
  const { to, codec = "exact" } = flags;
  if (to === undefined) {
    throw invalid("Cannot keep the result: --to is missing");
  }
  const { state, position } = Made.parse(
    await client.post(`/v1/state/${tool}`, { ...body, state_codec: codec }),
  );
  await saves.write(to, state);
  write(`Saved ${to} (${position} tokens, ${state.length} bytes)\n`);
}

async function named({ saves }: Bench, name: string): Promise<string> {
  const save = await saves.read(name);
  if (save === undefined) throw invalid(`Cannot find a save ${name}`);
  return save;
}

function word({ words }: Bench, index: number, what: string): string {
  const found = words[index];
  if (found === undefined) throw invalid(`Cannot go on: ${what} is missing`);
  return found;
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    throw invalid(
      `Cannot read ${file}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function invalid(message: string): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", `${message}. --help tells more`);
}
