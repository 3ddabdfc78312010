/**
 * Ollama's chats and texts.
 *
 * @module
 */

import { bytesOfContext } from "../../../http/ollama/context.ts";
import { OllamaMessage } from "../../../http/ollama/ollama_schema.ts";
import {
  isPortableBytes,
  portableText,
} from "../../../state/portable_token.ts";
import { sealedText, splitSealedBytes } from "../../../state/token_envelope.ts";
import {
  AnswerReader,
  carriesState,
  type ClientDialect,
  objectIn,
  objectsIn,
  textIn,
  withoutState,
} from "../client_dialect.ts";
import { chatOf, messagesFrom } from "./chat_messages.ts";
import { textDialect } from "./text_prompt.ts";

/** Ollama's chats. */
export const ollamaChat: ClientDialect = {
  read(body) {
    if (carriesState(body)) return undefined;
    return chatOf(OllamaMessage, body.messages, [body.tools ?? []]);
  },
  resume: (body, known, state) => ({
    ...body,
    messages: messagesFrom(OllamaMessage, body.messages, known, {
      role: "assistant",
      content: "",
      state,
    }),
  }),
  listen: () =>
    new AnswerReader((answer, said) => {
      const message = objectIn(said.message);
      answer.text += textIn(message.content);
      const called = objectsIn(message.tool_calls).map((call) => {
        const { name, arguments: given } = objectIn(call.function);
        return { name: textIn(name), arguments: given };
      });
      answer.calls = [...answer.calls, ...called];
      if (typeof said.state !== "string") return said;
      answer.state = said.state;
      return { ...withoutState(said), message: withoutState(message) };
    }),
};

/** Ollama's texts are those that no template is put around. */
export const ollamaText = textDialect({
  hear(answer, said) {
    answer.text += textIn(said.response);
    if (!Array.isArray(said.context)) return said;
    const bytes = bytesOfContext(said.context);
    answer.state = isPortableBytes(bytes)
      ? portableText(bytes)
      : sealedText(splitSealedBytes(bytes));
    const { context: _, ...rest } = said;
    return rest;
  },
  textOf: ({ prompt, raw }) => raw === true ? prompt : undefined,
  without: { context: null },
});
