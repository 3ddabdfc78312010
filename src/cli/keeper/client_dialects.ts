/**
 * The dialects in which clients tell the whole of a conversation every time: what they
 * say, how a request goes on from a state instead, and what an answer has.
 *
 * @module
 */

import type { Message } from "../../chat/template/world_form.ts";
import { AnthropicMessage } from "../../http/anthropic/content.ts";
import { bytesOfContext } from "../../http/ollama/context.ts";
import { OllamaMessage } from "../../http/ollama/schema.ts";
import {
  type CarryingMessage,
  OpenAiMessage,
} from "../../http/openai/chat_messages.ts";
import { tokenIn, tokenOfResponse } from "../../http/openai/ids.ts";
import { sealedText, splitSealedBytes } from "../../state/token_envelope.ts";
import { isPortableBytes, portableText } from "../../state/portable_token.ts";
import type { SaidCall } from "./history_keys.ts";

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What a request says: messages, or a text. */
export type Told =
  | {
    readonly kind: "chat";
    /** What has to be the same besides the messages. */
    readonly head: unknown;
    /** Each message of the client's, after those of the system. */
    readonly pieces: readonly (readonly Message[])[];
  }
  | { readonly kind: "text"; readonly text: string };

/** A dialect. */
export interface Tongue {
  /** What a request says; nothing where it carries a state of its own. */
  read(body: Json): Told | undefined;
  /**
   * The request that says only what is new.
   *
   * @param known Pieces, or characters, that the state has read.
   */
  resume(body: Json, known: number, state: string): Json;
  /** Listens to an answer. */
  listen(): AnswerTap;
}

/** Takes from an answer what is to be kept, and hides the state from the client. */
export class AnswerTap {
  text = "";
  state: string | undefined;
  readonly calls: SaidCall[] = [];
  readonly #hear: (tap: AnswerTap, said: Json) => Json | undefined;

  /** @param hear Gives what the client is told instead; nothing to say nothing. */
  constructor(hear: (tap: AnswerTap, said: Json) => Json | undefined) {
    this.#hear = hear;
  }

  /** Hears the answer, or one event of it. */
  take(said: Json): Json | undefined {
    return this.#hear(this, said);
  }
}

/** Fields with which a request says that it keeps its states itself. */
const OWN_STATE = ["state", "initial", "previous_response_id", "context"];

function carriesState(body: Json): boolean {
  return OWN_STATE.some((name) =>
    body[name] !== undefined && body[name] !== null
  );
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value)
    ? value.filter((entry) => entry instanceof Object)
    : [];
}

function object(value: unknown): Json {
  return value instanceof Object ? value as Json : {};
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** How one message of a dialect is read. */
interface MessageSchema {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly data?: CarryingMessage | readonly CarryingMessage[] | undefined;
  };
}

/** The messages of a request; nothing if one cannot be read, or has a state. */
function toldIn(
  schema: MessageSchema,
  messages: unknown,
  head: readonly unknown[],
): Extract<Told, { kind: "chat" }> | undefined {
  if (!Array.isArray(messages)) return undefined;
  const pieces: (readonly Message[])[] = [];
  for (const message of messages) {
    const { success, data } = schema.safeParse(message);
    const carried = [data ?? []].flat();
    if (!success || carried.some(({ state }) => state !== undefined)) {
      return undefined;
    }
    pieces.push(carried.map(({ message }) => message));
  }
  const begin = systemCount(pieces);
  const system = pieces.slice(0, begin).flat().map(({ content }) => content);
  return {
    kind: "chat",
    head: [...head, system],
    pieces: pieces.slice(begin),
  };
}

function systemCount(pieces: readonly (readonly Message[])[]): number {
  const at = pieces.findIndex((piece) =>
    piece.some(({ role }) => role !== "system")
  );
  return at < 0 ? pieces.length : at;
}

/** The messages of a request that go on from a state in one of the assistant's. */
function resumed(
  schema: MessageSchema,
  messages: unknown,
  known: number,
  carrier: Json,
): readonly unknown[] {
  const all = Array.isArray(messages) ? messages : [];
  const pieces = all.map((message) => {
    const { data } = schema.safeParse(message);
    return [data ?? []].flat().map(({ message }) => message);
  });
  const begin = systemCount(pieces);
  return [...all.slice(0, begin), carrier, ...all.slice(begin + known)];
}

/** A call whose arguments are text. */
function parsed(name: string, given: string): SaidCall {
  try {
    return { name, arguments: JSON.parse(given || "{}") };
  } catch {
    return { name, arguments: given };
  }
}

/** Without the state. */
function bare({ state: _, ...rest }: Json): Json {
  return rest;
}

const openAiChat: Tongue = {
  read(body) {
    if (carriesState(body)) return undefined;
    return toldIn(OpenAiMessage, body.messages, [body.tools ?? []]);
  },
  resume: (body, known, state) => ({
    ...body,
    messages: resumed(OpenAiMessage, body.messages, known, {
      role: "assistant",
      content: "",
      state,
    }),
  }),
  listen: () =>
    new AnswerTap((tap, said) => {
      const choices = list(said.choices);
      for (const choice of choices) {
        if (choice.index !== 0) continue;
        const { content, tool_calls } = object(choice.message ?? choice.delta);
        tap.text += string(content);
        for (const call of list(tool_calls)) {
          const { name, arguments: given } = object(call.function);
          tap.calls.push(parsed(string(name), string(given)));
        }
        if (typeof choice.state === "string") tap.state = choice.state;
      }
      if (typeof said.state === "string") tap.state ??= said.state;
      const carries = said.state !== undefined ||
        choices.some(({ state }) => state !== undefined);
      return carries ? { ...bare(said), choices: choices.map(bare) } : said;
    }),
};

const anthropic: Tongue = {
  read(body) {
    if (carriesState(body)) return undefined;
    const system = typeof body.system === "string"
      ? body.system
      : list(body.system).map(({ text }) => string(text))
        .filter((text) => !/^x-[\w-]+:/.test(text)).join("\n");
    const told = toldIn(AnthropicMessage, body.messages, [body.tools ?? []]);
    return told &&
      { ...told, head: [body.tools ?? [], system ? [system] : []] };
  },
  resume: (body, known, state) => ({
    ...body,
    messages: resumed(AnthropicMessage, body.messages, known, {
      role: "assistant",
      content: [{ type: "redacted_thinking", data: state }],
    }),
  }),
  listen() {
    let hidden: unknown;
    let call: { name: string; json: string } | undefined;
    return new AnswerTap((tap, said) => {
      const block = object(said.content_block);
      const delta = object(said.delta);
      switch (said.type) {
        case "message": {
          const content = list(said.content);
          for (const { type, text, name, input, data } of content) {
            if (type === "text") tap.text += string(text);
            if (type === "tool_use") {
              tap.calls.push({ name: string(name), arguments: input });
            }
            if (type === "redacted_thinking") tap.state = string(data);
          }
          const shown = content.filter(({ type }) =>
            type !== "redacted_thinking"
          );
          return { ...said, content: shown };
        }
        case "content_block_start":
          if (block.type === "redacted_thinking") {
            tap.state = string(block.data);
            hidden = said.index;
            return undefined;
          }
          call = block.type === "tool_use"
            ? { name: string(block.name), json: "" }
            : undefined;
          return said;
        case "content_block_delta":
          tap.text += string(delta.text);
          if (call) call.json += string(delta.partial_json);
          return said;
        case "content_block_stop":
          if (call) tap.calls.push(parsed(call.name, call.json));
          call = undefined;
          return said.index === hidden ? undefined : said;
        default:
          return said;
      }
    });
  },
};

const ollamaChat: Tongue = {
  read(body) {
    if (carriesState(body)) return undefined;
    return toldIn(OllamaMessage, body.messages, [body.tools ?? []]);
  },
  resume: (body, known, state) => ({
    ...body,
    messages: resumed(OllamaMessage, body.messages, known, {
      role: "assistant",
      content: "",
      state,
    }),
  }),
  listen: () =>
    new AnswerTap((tap, said) => {
      const message = object(said.message);
      tap.text += string(message.content);
      for (const call of list(message.tool_calls)) {
        const { name, arguments: given } = object(call.function);
        tap.calls.push({ name: string(name), arguments: given });
      }
      if (typeof said.state !== "string") return said;
      tap.state = said.state;
      return { ...bare(said), message: bare(message) };
    }),
};

/** Items of responses that stand for a message of a chat. */
function itemMessages(item: Json): readonly Message[] | undefined {
  const text = (value: unknown) =>
    typeof value === "string"
      ? value
      : list(value).map(({ text }) => string(text)).join("");
  switch (item.type ?? "message") {
    case "message": {
      const role = item.role === "developer" ? "system" : item.role;
      return role === "system" || role === "user" || role === "assistant"
        ? [{ role, content: text(item.content) }]
        : undefined;
    }
    case "reasoning":
      return [];
    case "function_call": {
      const call = parsed(string(item.name), string(item.arguments));
      return [{ role: "assistant", content: "", calls: [call] }];
    }
    case "function_call_output":
      return [{ role: "tool", content: text(item.output) }];
    default:
      return undefined;
  }
}

/** States in responses are in their ids, which are the client's: none is hidden. */
const responses: Tongue = {
  read(body) {
    if (carriesState(body)) return undefined;
    const items = typeof body.input === "string"
      ? [{ role: "user", content: body.input }]
      : body.input;
    if (!Array.isArray(items)) return undefined;
    const carried = items.some(({ id, encrypted_content }) =>
      encrypted_content || tokenIn(id) !== undefined
    );
    if (carried) return undefined;
    const pieces = items.map((item) => itemMessages(object(item)));
    const known = pieces.flatMap((piece) => piece ? [piece] : []);
    if (known.length < pieces.length) return undefined;
    const begin = systemCount(known);
    const system = known.slice(0, begin).flat().map(({ content }) => content);
    const head = [body.instructions ?? [], ...system].flat();
    return {
      kind: "chat",
      head: [body.tools ?? [], head],
      pieces: known.slice(begin),
    };
  },
  resume(body, known, state) {
    const items = list(body.input);
    const begin = systemCount(
      items.map((item) => itemMessages(item) ?? []),
    );
    const carrier = {
      type: "reasoning",
      summary: [],
      encrypted_content: state,
    };
    return {
      ...body,
      input: [
        ...items.slice(0, begin),
        carrier,
        ...items.slice(begin + known),
      ],
    };
  },
  listen: () =>
    new AnswerTap((tap, said) => {
      const response = said.object === "response"
        ? said
        : /^response\.(completed|incomplete)$/.test(string(said.type))
        ? object(said.response)
        : undefined;
      if (response === undefined) return said;
      tap.state = tokenOfResponse(string(response.id));
      for (const item of list(response.output)) {
        for (const { content, calls = [] } of itemMessages(item) ?? []) {
          tap.text += content;
          tap.calls.push(...calls);
        }
        tap.state ??= string(item.encrypted_content) || undefined;
      }
      return said;
    }),
};

/** Text that goes on with text, in a dialect that calls it `prompt`. */
function textTongue(
  hear: (tap: AnswerTap, said: Json) => Json,
  isText: (body: Json) => boolean = () => true,
): Tongue {
  return {
    read(body) {
      const { prompt } = body;
      if (carriesState(body) || typeof prompt !== "string" || !isText(body)) {
        return undefined;
      }
      return { kind: "text", text: prompt };
    },
    resume: (body, known, state) => ({
      ...body,
      prompt: string(body.prompt).slice(known),
      state,
    }),
    listen: () => new AnswerTap(hear),
  };
}

const completions = textTongue(
  (tap, said) => {
    const [choice] = list(said.choices);
    tap.text += string(choice?.text);
    if (typeof said.state !== "string") return said;
    tap.state = said.state;
    return bare(said);
  },
  ({ n = 1, best_of = 1, echo = false }) => n === 1 && best_of === 1 && !echo,
);

const llama = textTongue((tap, said) => {
  tap.text += string(said.content);
  if (typeof said.state !== "string") return said;
  tap.state = said.state;
  return bare(said);
});

const kobold = textTongue((tap, said) => {
  const [result = {}] = list(said.results);
  tap.text += string(result.text) + string(said.token);
  const state = result.state ?? said.state;
  if (typeof state !== "string") return said;
  tap.state = state;
  return said.results === undefined
    ? bare(said)
    : { ...said, results: list(said.results).map(bare) };
}, ({ memory = "", n = 1 }) => memory === "" && n === 1);

/** Ollama's texts are those that no template is put around. */
const ollamaText = textTongue((tap, said) => {
  tap.text += string(said.response);
  if (!Array.isArray(said.context)) return said;
  const bytes = bytesOfContext(said.context);
  tap.state = isPortableBytes(bytes)
    ? portableText(bytes)
    : sealedText(splitSealedBytes(bytes));
  const { context: _, ...rest } = said;
  return rest;
}, ({ raw }) => raw === true);

/** By path. */
export const TONGUES: Readonly<Record<string, Tongue>> = {
  "/v1/chat/completions": openAiChat,
  "/v1/messages": anthropic,
  "/v1/responses": responses,
  "/api/chat": ollamaChat,
  "/v1/completions": completions,
  "/completion": llama,
  "/api/v1/generate": kobold,
  "/api/extra/generate/stream": kobold,
  "/api/generate": ollamaText,
};
