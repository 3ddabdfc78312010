/**
 * The chat forms that official models were trained on, for files that bring no
 * template of their own:
 *
 * - `world`: `User: …⏎⏎Assistant: …⏎⏎`, which cannot think;
 * - `g1`: the same with thoughts, of G0 and of G1 to G1g;
 * - `flower`: `User✿…✿⏎Bot✿…✿⏎`, of G1h and later; with functions, sections under
 *   `### User`, `### Assistant` and `### Tool Output`.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1 and the prompts of rwkv-rs's tools
 * for them.
 *
 * @module
 */

import {
  type ChatOpening,
  type ChatTemplate,
  goesOn,
  type Moment,
} from "./chat_template.ts";
import {
  asks,
  clean,
  ending,
  type Message,
  renderChat,
  type Role,
  THINK_END,
  TURN_END,
} from "./world_form.ts";
import { type Effort, hinted, type ThoughtStart } from "../thought/thinking.ts";
import {
  callText,
  FENCED,
  flattened,
  SECTION,
  SECTION_CALL,
  sectionTools,
  type Tool,
} from "../tools/tool_calls.ts";

/** Names of the forms. */
export const CHAT_FORMS = ["world", "g1", "flower"] as const;
/** A form's name. */
export type ChatFormName = typeof CHAT_FORMS[number];

/** Thoughts hold empty lines, so only the next speaker ends a turn with one. */
const NEXT_TURN = `${TURN_END}User:`;

/** What follows `Assistant:`. */
const ASSISTANT_OPENINGS = {
  none: "",
  minimal: " <think>\n</think",
  low: " <think",
  medium: " <think",
  high: " <think",
} satisfies Record<Effort, string>;

/** How an answer begins after {@linkcode ASSISTANT_OPENINGS}, and after `Bot✿<think`. */
const ANSWER_STARTS = {
  none: "none",
  minimal: "closed",
  low: "opened",
  medium: "opened",
  high: "opened",
} satisfies Record<Effort, ThoughtStart>;

/** The form of the World models, and with thoughts that of G1. */
class ColonForm implements ChatTemplate {
  readonly name: ChatFormName;
  readonly thinks?: boolean;
  readonly end = TURN_END;
  readonly calls = FENCED;

  constructor(name: ChatFormName, thinks?: boolean) {
    this.name = name;
    if (thinks !== undefined) this.thinks = thinks;
  }

  open(given: readonly Message[], moment: Moment): Promise<ChatOpening> {
    const { phase, begun, tell, answer, tools = [] } = moment;
    const told = begun && !tell ? [] : tools;
    const messages = flattened(given, told);
    if (goesOn(messages, moment)) {
      return Promise.resolve(this.#goOn(messages, moment));
    }
    const effort = this.thinks === false ? "none" : moment.effort;
    const chat = renderChat(hinted(messages, effort), phase, answer);
    const plain = effort === "none";
    return Promise.resolve({
      prompt: chat.text + (chat.phase.open ? ASSISTANT_OPENINGS[effort] : ""),
      phase: chat.phase,
      space: plain && chat.phase.open,
      thought: chat.phase.open ? ANSWER_STARTS[effort] : "none",
      ends: [
        plain
          ? { text: TURN_END, kept: true }
          : { text: NEXT_TURN, kept: false },
      ],
    });
  }

  #goOn(messages: readonly Message[], { phase }: Moment): ChatOpening {
    const last = messages.at(-1);
    if (last === undefined) return resumed(phase, NEXT_TURN, TURN_END);
    const chat = renderChat(messages.slice(0, -1), phase, true);
    return {
      prompt: `${chat.text} ${begun(last.content)}`,
      phase: chat.phase,
      space: false,
      thought: "none",
      ends: [{ text: TURN_END, kept: true }],
    };
  }
}

/** An answer that was cut off goes on where it was. */
function resumed(
  { thinking }: Moment["phase"],
  next: string,
  end: string,
): ChatOpening {
  return {
    prompt: "",
    phase: { open: true, thinking },
    space: false,
    thought: thinking ? "opened" : "none",
    ends: [
      thinking && end.trim() === ""
        ? { text: next, kept: false }
        : { text: end, kept: true },
    ],
  };
}

/** A message that is gone on with: its end is the place to go on from. */
function begun(content: string): string {
  const [space = ""] = /[ \t]*$/.exec(content) ?? [];
  return clean(content) + (clean(content) === "" ? "" : space);
}

/** What ends a turn in the form of G1h and later: token 10060 of World. */
const FLOWER = "✿";

const FLOWER_NAMES = {
  system: "System",
  user: "User",
  assistant: "Bot",
  tool: "User",
} satisfies Record<Role, string>;

/** The form of G1h and later models. */
class FlowerForm implements ChatTemplate {
  readonly name: ChatFormName = "flower";
  readonly thinks = true;
  readonly end = FLOWER;
  readonly calls = SECTION_CALL;

  open(given: readonly Message[], moment: Moment): Promise<ChatOpening> {
    const { tools = [] } = moment;
    const called = tools.length > 0 ||
      given.some(({ role, calls }) => role === "tool" || calls?.length);
    return Promise.resolve(
      called ? this.#sections(given, moment) : this.#turns(given, moment),
    );
  }

  #turns(given: readonly Message[], moment: Moment): ChatOpening {
    const { phase, begun: later, answer, effort } = moment;
    const messages = hinted(given, effort);
    const before = ending(phase, FLOWER) + (later ? "\n" : "");
    const text = messages.map(flowerTurn).join("\n");
    const common = { space: false, ends: [{ text: FLOWER, kept: true }] };
    if (goesOn(messages, moment)) {
      const last = messages.at(-1);
      if (last === undefined) return resumed(phase, FLOWER, FLOWER);
      return {
        ...common,
        prompt: before + text.slice(0, text.lastIndexOf(FLOWER)),
        phase: { open: true, thinking: false },
        thought: "none",
      };
    }
    const open = answer || asks(messages);
    const thought = START_OF_BOT[effort];
    return {
      ...common,
      prompt: before + text +
        (open ? `${text === "" ? "" : "\n"}Bot${FLOWER}${thought}` : ""),
      phase: { open, thinking: false },
      thought: open ? BOT_STARTS[effort] : "none",
    };
  }

  #sections(given: readonly Message[], moment: Moment): ChatOpening {
    const { phase, begun: later, tell, answer, effort, tools = [] } = moment;
    const told = later && !tell ? [] : tools;
    const messages = hinted(given, effort);
    const parts = sections(messages, told);
    const open = answer || asks(messages);
    const going = goesOn(messages, moment);
    if (going && messages.length === 0) {
      return {
        ...resumed(phase, SECTION.user, SECTION.user),
        ends: SECTION_ENDS,
      };
    }
    const before = (phase.thinking ? `\n${THINK_END}` : "") +
      (later ? "\n" : "");
    const asked = open && !going
      ? [`${SECTION.assistant}\n${START_OF_BOT[effort]}`]
      : [];
    return {
      prompt: before + [...parts, ...asked].join("\n"),
      phase: { open, thinking: false },
      space: false,
      thought: open && !going ? BOT_STARTS[effort] : "none",
      ends: SECTION_ENDS,
    };
  }
}

const START_OF_BOT = {
  none: "<think></think>",
  minimal: "<think></think>",
  low: "<think",
  medium: "<think",
  high: "<think",
} satisfies Record<Effort, string>;

const BOT_STARTS = {
  none: "closed",
  minimal: "closed",
  low: "opened",
  medium: "opened",
  high: "opened",
} satisfies Record<Effort, ThoughtStart>;

/** A section ends where the next begins. */
const SECTION_ENDS = [SECTION.user, SECTION.tool, SECTION.system]
  .map((name) => ({ text: `\n${name}`, kept: false }));

function flowerTurn({ role, content, reasoning = "" }: Message): string {
  const thought = reasoning === "" ? "" : `<think>${reasoning}${THINK_END}`;
  return FLOWER_NAMES[role] + FLOWER +
    thought.replaceAll(FLOWER, "") + tidy(role, content) + FLOWER;
}

/** Lines without spaces at their ends; the user's have no empty ones. */
function tidy(role: Role, content: string): string {
  const lines = content.replaceAll(FLOWER, "").replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[ \t]+\n/g, "\n").trimEnd();
  return role === "user" ? lines.replaceAll(/\n{2,}/g, "\n") : lines;
}

/** The parts of a chat with functions. */
function sections(
  messages: readonly Message[],
  tools: readonly Tool[],
): readonly string[] {
  const head = messages.findIndex(({ role }) => role !== "system");
  const system = messages.slice(0, head < 0 ? messages.length : head);
  const list = tools.length === 0 ? [] : [sectionTools(tools)];
  const told = [
    ...system.map(({ content }) => tidy("system", content)),
    ...list,
  ];
  const rest = messages.slice(system.length).map((message) => {
    const { role, content, calls = [] } = message;
    if (role === "tool") {
      return [SECTION.tool, "```json", jsonText(content), "```"];
    }
    return [
      SECTION[role],
      ...(content === "" ? [] : [tidy(role, content)]),
      ...calls.map((call) => callText([call], SECTION_CALL)),
    ];
  });
  return [
    ...(told.length > 0 ? [SECTION.system, ...told] : []),
    ...rest.flat(),
  ];
}

/** What a function gave as JSON: its own, or a text. */
function jsonText(content: string): string {
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return JSON.stringify(content);
  }
}

/** The form of the World models; whether one thinks, its name tells. */
export const WORLD: ChatTemplate = new ColonForm("world");

const FORMS_BY_NAME = {
  world: new ColonForm("world", false),
  g1: new ColonForm("g1", true),
  flower: new FlowerForm(),
} satisfies Record<ChatFormName, ChatTemplate>;

/** A form by its name. */
export function chatForm(name: ChatFormName): ChatTemplate {
  return FORMS_BY_NAME[name];
}
