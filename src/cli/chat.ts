/**
 * `deno task chat`: a chat in the terminal, with a model in this process or with
 * a running server.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";
import { Conversation } from "../client/conversation.ts";
import { asksForHelp, parseCommand } from "../config/command_line.ts";
import { helpOnSettings, readConfig } from "../config/config.ts";
import { readInitialFlag } from "./initial_flag.ts";
import { chatLoop } from "./chat_loop.ts";
import { connect, connectEmbedded } from "./connect.ts";
import { readDrawing } from "./drawing.ts";
import { SaveFolder } from "./saves.ts";
import { command, note, write } from "../terminal.ts";

const HELP = `Chats in the terminal. /help inside lists its commands.

  deno task chat [flags]

  --url URL                Talk to this server instead of loading a model
  --saves FOLDER           Where /save keeps conversations (saves)
  --initial NAME[=PATH]    Begin with this state: a file, or a name at the URL
  --temperature N          0 always takes the likeliest token (1)
  --top-p N                Draw from tokens of this probability (0.3)
  --max-tokens N           Longest answer (512)
  --seed N                 Same seed, same answers

`;

if (import.meta.main) await command(() => chat(Deno.args));

async function chat(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(HELP + helpOnSettings());
  const own = ["url", "saves", "temperature", "top-p", "max-tokens", "seed"];
  const { flags } = parseCommand(args, own);
  const drawing = readDrawing(flags, {
    temperature: 1,
    top_p: 0.3,
    max_tokens: 512,
  });
  const { initial, flags: settings } = readInitialFlag(flags);
  const options = { ...drawing, ...(initial !== undefined && { initial }) };
  const saves = new SaveFolder(flags.saves ?? "saves");
  const config = readConfig(settings, (name) => Deno.env.get(name));
  const { client, summary, close } = flags.url === undefined
    ? await connectEmbedded(config, () => saves.key())
    : connect(flags.url);
  note(`Chatting with ${summary}. /help lists the commands`);
  const terminal = Deno.stdin.isTerminal();
  const keyboard = createInterface({
    input: process.stdin,
    terminal,
    ...(terminal && { output: process.stdout }),
  });
  let turn = new AbortController();
  keyboard.on("SIGINT", () => {
    if (turn.signal.aborted) keyboard.close();
    turn.abort();
  });
  try {
    await chatLoop(keyboard, {
      begin: (save) => new Conversation(client, options, save),
      saves,
      write,
      interrupt: () => (turn = new AbortController()).signal,
    });
  } finally {
    keyboard.close();
    await close();
  }
}
