/**
 * The head of a conversation: what the system says before anybody else, the tools
 * among it. A state has read it once; a client sends it with every turn. So a state
 * remembers a digest of what it was told, and is told again what has changed.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Message } from "./template/world_form.ts";

/** A conversation, its head apart. */
export interface HeadedMessages {
  /** The messages of the system that come first. */
  readonly head: readonly Message[];
  /** All others. */
  readonly body: readonly Message[];
}

/** Takes the head off. */
export function splitHead(messages: readonly Message[]): HeadedMessages {
  const end = messages.findIndex(({ role }) => role !== "system");
  const at = end < 0 ? messages.length : end;
  return { head: messages.slice(0, at), body: messages.slice(at) };
}

/** Digest of a head, a u32 other than 0; nothing of an empty one. */
export function headDigest(head: readonly Message[]): number | undefined {
  if (head.length === 0) return undefined;
  const text = JSON.stringify(head.map(({ content }) => content));
  const hash = sha256(new TextEncoder().encode(text));
  const view = new DataView(hash.buffer, hash.byteOffset);
  return view.getUint32(0, true) || 1;
}
