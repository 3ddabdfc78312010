/**
 * Anthropic's messages.
 *
 * @module
 */

import { AnthropicMessage } from "../../../http/anthropic/message_content.ts";
import {
  AnswerReader,
  carriesState,
  type ClientDialect,
  objectIn,
  objectsIn,
  saidCall,
  textIn,
} from "../client_dialect.ts";
import { chatOf, messagesFrom } from "./chat_messages.ts";

/** See the module. */
export const anthropic: ClientDialect = {
  read(body) {
    if (carriesState(body)) return undefined;
    const system = typeof body.system === "string"
      ? body.system
      : objectsIn(body.system).map(({ text }) => textIn(text))
        .filter((text) => !/^x-[\w-]+:/.test(text)).join("\n");
    const told = chatOf(AnthropicMessage, body.messages, [body.tools ?? []]);
    return told &&
      { ...told, head: [body.tools ?? [], system ? [system] : []] };
  },
  resume: (body, known, state) => ({
    ...body,
    messages: messagesFrom(AnthropicMessage, body.messages, known, {
      role: "assistant",
      content: [{ type: "redacted_thinking", data: state }],
    }),
  }),
  listen() {
    let hidden: unknown;
    let call: { name: string; json: string } | undefined;
    return new AnswerReader((answer, said) => {
      const block = objectIn(said.content_block);
      const delta = objectIn(said.delta);
      switch (said.type) {
        case "message": {
          const content = objectsIn(said.content);
          for (const { type, text, name, input, data } of content) {
            if (type === "text") answer.text += textIn(text);
            if (type === "tool_use") {
              const call = { name: textIn(name), arguments: input };
              answer.calls = [...answer.calls, call];
            }
            if (type === "redacted_thinking") answer.state = textIn(data);
          }
          const shown = content.filter(({ type }) =>
            type !== "redacted_thinking"
          );
          return { ...said, content: shown };
        }
        case "content_block_start":
          if (block.type === "redacted_thinking") {
            answer.state = textIn(block.data);
            hidden = said.index;
            return undefined;
          }
          call = block.type === "tool_use"
            ? { name: textIn(block.name), json: "" }
            : undefined;
          return said;
        case "content_block_delta":
          answer.text += textIn(delta.text);
          if (call) call.json += textIn(delta.partial_json);
          return said;
        case "content_block_stop":
          if (call) {
            const made = saidCall(call.name, call.json);
            answer.calls = [...answer.calls, made];
          }
          call = undefined;
          return said.index === hidden ? undefined : said;
        default:
          return said;
      }
    });
  },
};
