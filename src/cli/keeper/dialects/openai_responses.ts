/**
 * OpenAI's responses.
 *
 * @module
 */

import type { Message } from "../../../chat/template/world_form.ts";
import { tokenIn, tokenOfResponse } from "../../../http/request/state_ids.ts";
import {
  AnswerReader,
  carriesState,
  type ClientDialect,
  type Json,
  objectIn,
  objectsIn,
  saidCall,
  textIn,
} from "../client_dialect.ts";
import { systemCount } from "./chat_messages.ts";

/** Items of responses that stand for a message of a chat. */
function itemMessages(item: Json): readonly Message[] | undefined {
  const text = (value: unknown) =>
    typeof value === "string"
      ? value
      : objectsIn(value).map(({ text }) => textIn(text)).join("");
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
      const call = saidCall(textIn(item.name), textIn(item.arguments));
      return [{ role: "assistant", content: "", calls: [call] }];
    }
    case "function_call_output":
      return [{ role: "tool", content: text(item.output) }];
    default:
      return undefined;
  }
}

/** States in responses are in their ids, which are the client's: none is hidden. */
export const openAiResponses: ClientDialect = {
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
    const pieces = items.map((item) => itemMessages(objectIn(item)));
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
    const items = objectsIn(body.input);
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
    new AnswerReader((answer, said) => {
      const response = said.object === "response"
        ? said
        : /^response\.(completed|incomplete)$/.test(textIn(said.type))
        ? objectIn(said.response)
        : undefined;
      if (response === undefined) return said;
      answer.state = tokenOfResponse(textIn(response.id));
      for (const item of objectsIn(response.output)) {
        for (const { content, calls = [] } of itemMessages(item) ?? []) {
          answer.text += content;
          answer.calls = [...answer.calls, ...calls];
        }
        answer.state ??= textIn(item.encrypted_content) || undefined;
      }
      return said;
    }),
};
