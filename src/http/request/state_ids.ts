/**
 * Ids that carry the conversation. Nothing is stored here: the id of a response, of
 * its items and, where a client asks for it, of calls *is* the sealed state, so
 * whatever of them comes back goes on from there.
 *
 * @module
 */

/** What an id names: a response, a message, a reasoning item, a call twice. */
export type IdKind = "resp" | "msg" | "rs" | "fc" | "call";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** How tokens begin, and no id of another server does. */
const STATE_TOKEN_START = /^([\w-]+\.\.|gosling-portable\.)/;

/**
 * An id.
 *
 * @param content A token, or what else tells the thing from others.
 * @param index Tells ids of one kind in one answer apart.
 */
export function idOf(kind: IdKind, content: string, index = 0): string {
  return index === 0 ? `${kind}_${content}` : `${kind}_${index}.${content}`;
}

/** Whether a text begins as tokens do: another server's opaque text does not. */
export function isToken(text: string): boolean {
  return STATE_TOKEN_START.test(text);
}

/** The token in the id of an item or a call; nothing where it only names it. */
export function tokenIn(id: string | undefined): string | undefined {
  const [, token] = /^(?:msg|rs|fc|call)_(?:\d{1,3}\.)?(.+)$/s.exec(id ?? "") ??
    [];
  return token !== undefined && isToken(token) ? token : undefined;
}

/** The token in the id of a response; nothing where it only names one. */
export function tokenOfResponse(id: string): string | undefined {
  const token = id.replace(/^resp_/, "");
  return UUID.test(token) ? undefined : token;
}
