/**
 * The dialects of clients, by path.
 *
 * @module
 */

import type { ClientDialect } from "../client_dialect.ts";
import { anthropic } from "./anthropic.ts";
import { kobold } from "./kobold.ts";
import { llama } from "./llama.ts";
import { ollamaChat, ollamaText } from "./ollama.ts";
import { openAiChat } from "./openai_chat.ts";
import { openAiCompletions } from "./openai_completions.ts";
import { openAiResponses } from "./openai_responses.ts";

/** See the module. */
export const DIALECTS: Readonly<Record<string, ClientDialect>> = {
  "/v1/chat/completions": openAiChat,
  "/v1/messages": anthropic,
  "/v1/responses": openAiResponses,
  "/api/chat": ollamaChat,
  "/v1/completions": openAiCompletions,
  "/completion": llama,
  "/api/v1/generate": kobold,
  "/api/extra/generate/stream": kobold,
  "/api/generate": ollamaText,
};
