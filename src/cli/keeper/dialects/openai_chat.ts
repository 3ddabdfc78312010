/**
 * OpenAI's chat completions.
 *
 * @module
 */

import { OpenAiMessage } from "../../../http/openai/openai_message.ts";
import {
  AnswerReader,
  carriesState,
  type ClientDialect,
  objectIn,
  objectsIn,
  saidCall,
  textIn,
  withoutState,
} from "../client_dialect.ts";
import { chatOf, messagesFrom } from "./chat_messages.ts";

/** See the module. */
export const openAiChat: ClientDialect = {
  read(body) {
    if (carriesState(body)) return undefined;
    return chatOf(OpenAiMessage, body.messages, [body.tools ?? []]);
  },
  resume: (body, known, state) => ({
    ...body,
    messages: messagesFrom(OpenAiMessage, body.messages, known, {
      role: "assistant",
      content: "",
      state,
    }),
  }),
  listen() {
    /** Calls by their index: a stream tells one in pieces. */
    const calls: { name: string; json: string }[] = [];
    return new AnswerReader((answer, said) => {
      const choices = objectsIn(said.choices);
      for (const choice of choices) {
        if (choice.index !== 0) continue;
        const { content, tool_calls } = objectIn(
          choice.message ?? choice.delta,
        );
        answer.text += textIn(content);
        for (
          const [i, { index, function: call }] of objectsIn(tool_calls)
            .entries()
        ) {
          const { name, arguments: given } = objectIn(call);
          const at = typeof index === "number" ? index : i;
          const begun = calls[at] ?? { name: "", json: "" };
          calls[at] = {
            name: begun.name + textIn(name),
            json: begun.json + textIn(given),
          };
        }
        if (typeof choice.state === "string") answer.state = choice.state;
      }
      answer.calls = calls.map(({ name, json }) => saidCall(name, json));
      if (typeof said.state === "string") answer.state ??= said.state;
      const carries = said.state !== undefined ||
        choices.some(({ state }) => state !== undefined);
      return carries
        ? { ...withoutState(said), choices: choices.map(withoutState) }
        : said;
    });
  },
};
