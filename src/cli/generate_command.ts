/**
 * `deno task generate PROMPT`: goes on with a text once, and prints what comes.
 *
 * @module
 */

import type { GenerationRequest } from "../client/client.ts";
import { parseCommand } from "../config/command_line.ts";
import { isYes, yesOrNo } from "../config/flag_list.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import { readInitialFlag } from "./initial_flag.ts";
import { connect } from "./connect_client.ts";
import { readDrawing } from "./sampling_flags.ts";
import {
  INITIAL_FLAGS,
  longestAnswer,
  OVERWRITE_FLAGS,
  SAMPLING_FLAGS,
  SAVE_FLAGS,
  TRANSCRIPT_FLAGS,
  WHERE_FLAGS,
} from "./common_flags.ts";
import { expectFree } from "./confirm_overwrite.ts";
import { withWayOut } from "./rejected_save.ts";
import { findSave, SaveFolder } from "./saves_folder.ts";
import { command, note, startWhereTyped, write } from "../terminal.ts";

/** Tokens of an answer, unless the command line says otherwise. */
const ANSWER_TOKENS = 256;

const GENERATE_HELP: CommandHelp = {
  about: "Answers one text. Without one, it is read from standard input.",
  usage: [
    'deno task generate "Tell me a story"',
    'deno task generate --chat no "Once upon a time"',
  ],
  groups: [
    {
      title: "The answer",
      flags: {
        chat: yesOrNo(
          "Take the text as a message of the user; no continues it (yes)",
        ),
        "max-tokens": longestAnswer(ANSWER_TOKENS),
        ...SAMPLING_FLAGS.flags,
      },
    },
    WHERE_FLAGS,
    {
      title: SAVE_FLAGS.title,
      flags: {
        from: { placeholder: "NAME", help: "Save to continue" },
        to: {
          placeholder: "NAME",
          help: "Name of the answer's save",
        },
        ...OVERWRITE_FLAGS,
        ...TRANSCRIPT_FLAGS,
        ...INITIAL_FLAGS,
        ...SAVE_FLAGS.flags,
      },
    },
  ],
};

if (import.meta.main) await command(() => runGenerateCommand(Deno.args));

async function runGenerateCommand(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(GENERATE_HELP));
  startWhereTyped();
  const { flags, words } = parseCommand(args, GENERATE_HELP.groups);
  const drawing = readDrawing(flags, ANSWER_TOKENS);
  const { initial, flags: settings } = readInitialFlag(flags);
  const saves = new SaveFolder(flags.saves);
  if (flags.to !== undefined) await expectFree(saves, flags.to, flags);
  const save = flags.from === undefined
    ? undefined
    : await findSave(saves, flags.from);
  const text = words.length > 0 ? words.join(" ") : await readStandardInput();
  const request: GenerationRequest = {
    ...(flags.chat === undefined || isYes(flags.chat)
      ? { messages: [{ role: "user", content: text }] }
      : { prompt: text }),
    ...drawing,
    ...(save !== undefined && { state: save.state }),
    ...(initial !== undefined && { initial }),
    ...(flags.to === undefined && { state_codec: "none" }),
    ...(flags.transcript !== undefined &&
      { transcript: isYes(flags.transcript) }),
  };
  const needsKey = [flags.from, flags.to, initial].some((save) =>
    save !== undefined
  );
  const { client, close } = await connect(settings, saves, needsKey);
  const answer = async () => {
    let text = "";
    for await (const event of client.stream(request)) {
      if (event.type === "rebase") continue;
      if (event.type === "done") return { text, state: event.state };
      text += event.text;
      write(event.text);
    }
    return { text };
  };
  try {
    const { text: said, state } = await withWayOut(
      answer(),
      save?.state,
      saves,
    );
    write("\n");
    if (flags.to !== undefined && state !== undefined) {
      const past = [...save?.past ?? [], { user: text, answer: said }];
      // A text that is gone on with is no message.
      const partial = save?.partial === true || initial !== undefined ||
        "prompt" in request;
      await saves.write(flags.to, state, { past, partial });
    }
  } finally {
    await close();
  }
}

async function readStandardInput(): Promise<string> {
  if (Deno.stdin.isTerminal()) note("Type the text; Ctrl-D ends it");
  return await new Response(Deno.stdin.readable).text();
}
