/**
 * Conversations through the engine, carried by nothing but a sealed int8 token.
 *
 * @module
 */

import { takeTurn } from "../../src/chat/turn.ts";
import type { Services } from "../../src/http/services.ts";
import { GREEDY } from "../../src/text/sampling.ts";

/** More tokens than any right answer has. */
const LONGEST = 120;

const { signal } = new AbortController();

/** A token, as a client holds it; absent before the first message. */
export type Token = Uint8Array<ArrayBuffer> | undefined;

/** A model to talk to. */
export type Partner = Pick<Services, "engine" | "vault">;

/** Sends one message; gives the reply and the next token. */
export async function say(
  { engine, vault }: Partner,
  content: string,
  token: Token,
): Promise<[reply: string, token: Token]> {
  const turn = takeTurn({ engine }, {
    save: token && await vault.open(token, {}),
    input: { messages: [{ role: "user", content }] },
    maxTokens: LONGEST,
    sampling: GREEDY,
    seed: 0,
    stops: [],
  }, signal);
  let reply = "";
  for await (const event of turn) {
    if (event.type === "text") reply += event.text;
    else {
      const sealed = await vault.sealBytes(event.save, { codec: "int8" });
      return [reply, sealed.token];
    }
  }
  throw new Error("Cannot go on: the turn ended without its last event");
}
