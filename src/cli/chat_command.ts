/**
 * `deno task chat`: a chat in the terminal, with a model in this process or with
 * a running server.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";
import { Conversation } from "../client/conversation.ts";
import { parseCommand } from "../config/command_line.ts";
import { isYes } from "../config/flag_list.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import { readInitialFlag } from "./initial_flag.ts";
import { chatLoop } from "./chat_loop.ts";
import { connect } from "./connect_client.ts";
import { readDrawing } from "./sampling_flags.ts";
import {
  expectNoWords,
  INITIAL_FLAGS,
  longestAnswer,
  SAMPLING_FLAGS,
  SAVE_FLAGS,
  TRANSCRIPT_FLAGS,
  WHERE_FLAGS,
} from "./common_flags.ts";
import { rejectionText } from "./rejected_save.ts";
import { SaveFolder } from "./saves_folder.ts";
import { command, note, startWhereTyped, write } from "../terminal.ts";

/** Tokens of an answer, unless the command line says otherwise. */
const ANSWER_TOKENS = 512;

const CHAT_HELP: CommandHelp = {
  about: "Chats in the terminal. /help inside lists its commands.",
  usage: ["deno task chat", "deno task chat --url http://127.0.0.1:8000"],
  groups: [
    WHERE_FLAGS,
    {
      title: SAMPLING_FLAGS.title,
      flags: {
        ...SAMPLING_FLAGS.flags,
        "max-tokens": longestAnswer(ANSWER_TOKENS),
      },
    },
    {
      title: SAVE_FLAGS.title,
      flags: { ...TRANSCRIPT_FLAGS, ...INITIAL_FLAGS, ...SAVE_FLAGS.flags },
    },
  ],
};

if (import.meta.main) await command(() => runChatCommand(Deno.args));

async function runChatCommand(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(CHAT_HELP));
  startWhereTyped();
  const { flags, words } = parseCommand(args, CHAT_HELP.groups);
  expectNoWords(words, "deno task generate answers one text");
  const drawing = readDrawing(flags, ANSWER_TOKENS);
  const { initial, flags: settings } = readInitialFlag(flags);
  const options = {
    ...drawing,
    ...(initial !== undefined && { initial }),
    ...(flags.transcript !== undefined &&
      { transcript: isYes(flags.transcript) }),
  };
  const saves = new SaveFolder(flags.saves);
  const { client, summary, close } = await connect(settings, saves);
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
      initial: initial !== undefined,
      saves,
      write,
      explain: (error, state) => rejectionText(error, state, saves),
      interrupt: () => (turn = new AbortController()).signal,
    });
  } finally {
    keyboard.close();
    await close();
  }
}
