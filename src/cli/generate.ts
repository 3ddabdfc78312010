/**
 * `deno task generate PROMPT`: goes on with a text once, and prints what comes.
 *
 * @module
 */

import type { GenerationRequest } from "../client/client.ts";
import { asksForHelp, parseCommand } from "../config/command_line.ts";
import { helpOnSettings, readConfig } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import { readInitialFlag } from "./initial_flag.ts";
import { connect, connectEmbedded } from "./connect.ts";
import { readDrawing } from "./drawing.ts";
import { SaveFolder } from "./saves.ts";
import { command, write } from "../terminal.ts";

const HELP = `Goes on with a text. Without one, it is read from standard input.

  deno task generate [flags] [TEXT]

  --chat yes|no            Take the text as a message of the user (no)
  --from NAME              Go on from this save
  --initial NAME[=PATH]    Begin with this state: a file, or a name at the URL
  --to NAME                Keep the save of the answer under this name
  --url URL                Ask this server instead of loading a model
  --saves FOLDER           Where saves are kept (saves)
  --temperature N          0 always takes the likeliest token (1)
  --top-p N                Draw from tokens of this probability (1)
  --max-tokens N           Longest answer (256)
  --seed N                 Same seed, same answer

`;

if (import.meta.main) await command(() => generate(Deno.args));

async function generate(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(HELP + helpOnSettings());
  const { flags, words } = parseCommand(args, [
    "chat",
    "from",
    "to",
    "url",
    "saves",
    "temperature",
    "top-p",
    "max-tokens",
    "seed",
  ]);
  const drawing = readDrawing(flags, { temperature: 1, max_tokens: 256 });
  const { initial, flags: settings } = readInitialFlag(flags);
  const saves = new SaveFolder(flags.saves ?? "saves");
  const save = flags.from === undefined
    ? undefined
    : await namedSave(saves, flags.from);
  const text = words.length > 0
    ? words.join(" ")
    : await new Response(Deno.stdin.readable).text();
  const request: GenerationRequest = {
    ...(flags.chat === "yes"
      ? { messages: [{ role: "user", content: text }] }
      : { prompt: text }),
    ...drawing,
    ...(save !== undefined && { state: save }),
    ...(initial !== undefined && { initial }),
    ...(flags.to === undefined && { state_codec: "none" }),
  };
  const config = readConfig(settings, (name) => Deno.env.get(name));
  const { client, close } = flags.url === undefined
    ? await connectEmbedded(config, () => saves.key())
    : connect(flags.url);
  try {
    for await (const event of client.stream(request)) {
      if (event.type === "text") write(event.text);
      else if (flags.to !== undefined && event.state !== undefined) {
        await saves.write(flags.to, event.state);
      }
    }
    write("\n");
  } finally {
    await close();
  }
}

async function namedSave(saves: SaveFolder, name: string): Promise<string> {
  const save = await saves.read(name);
  if (save !== undefined) return save;
  const names = await saves.names();
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot go on from ${name}: there is no such save, only ${
      names.join(", ") || "none"
    }`,
  );
}
