/**
 * The client as others get it: `@gosling/client`, and `/client.js` of every server.
 *
 * @module
 */

export { ApiError, Client } from "./client.ts";
export type { AnswerInBytes, ClientOptions, ClientRequest } from "./client.ts";
export type * from "./answer_grammar.ts";
export type * from "./editing.ts";
export type * from "./generation.ts";
export { Conversation } from "./conversation.ts";
export type * from "./conversation.ts";
export type { ConversationRecord } from "./conversation_record.ts";
export { saveBytes, saveText } from "./save_bytes.ts";
export type { SaveToken } from "./save_bytes.ts";
export { formatSaveFile, parseSaveFile } from "./save_file.ts";
export type { Exchange, SaveFileContent, SaveFileTurn } from "./save_file.ts";
export { labelOf, lockSecret, newLabel } from "./passphrase.ts";
export { parseServerUrl } from "./server_url.ts";
