/**
 * People who talk to a server at the same time, each with its own conversation
 * whose state it keeps, and notes of all that happens to them.
 *
 * @module
 */

import { ApiError, Client } from "../../src/client/client.ts";

/** A turn that came to its end. */
export interface TurnNote {
  /** Whose. */
  readonly name: string;
  /** Its end, seconds after the crowd came. */
  readonly at: number;
  /** Milliseconds to the first text. */
  readonly firstMs: number;
  /** Milliseconds a token after the first, if there were more. */
  readonly tokenMs: number | undefined;
  /** Tokens written. */
  readonly tokens: number;
}

/** A request that was turned away. */
export interface RefusalNote {
  /** Whose. */
  readonly name: string;
  /** Its end, seconds after the crowd came. */
  readonly at: number;
  /** The HTTP status. */
  readonly status: number;
  /** Milliseconds until it was known. */
  readonly ms: number;
}

/** What happened. */
export interface Notes {
  readonly turns: TurnNote[];
  readonly refusals: RefusalNote[];
  /** What went wrong besides, in the server's words. */
  readonly errors: string[];
}

/** Who comes. */
export interface Group {
  /** The tenant's name. */
  readonly name: string;
  /** Its key. */
  readonly key: string;
  /** Conversations at once. */
  readonly conversations: number;
}

/** What they do. */
export interface Plan {
  /** The server. */
  readonly url: string;
  /** Everybody. */
  readonly groups: readonly Group[];
  /** Tokens of an answer at most. */
  readonly maxTokens: number;
  /** Milliseconds before who was turned away tries again. */
  readonly patienceMs: number;
  /** Whether there is another turn to take; asked before each. */
  readonly more: () => boolean;
  /** Told of each turn that ended. */
  readonly told?: (notes: Notes) => void;
}

const SAYINGS = [
  "Hello! How are you today?",
  "My name is Maria.",
  "What do you like to eat?",
  "Tell me something about geese.",
  "What is my name?",
  "I have a cat and two dogs.",
  "Thank you, that is very kind.",
  "What shall we talk about now?",
];

/** Lets everybody talk until `signal` is aborted or there is nothing more to do. */
export async function gather(plan: Plan, signal: AbortSignal): Promise<Notes> {
  const notes: Notes = { turns: [], refusals: [], errors: [] };
  const start = performance.now();
  await Promise.all(plan.groups.flatMap((group) =>
    Array.from(
      { length: group.conversations },
      (_, i) => converse(plan, group, { index: i, start, notes }, signal),
    )
  ));
  return notes;
}

/** One conversation, from its first turn to its last. */
async function converse(
  plan: Plan,
  { name, key }: Group,
  { index, start, notes }: { index: number; start: number; notes: Notes },
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ url: plan.url, key });
  let state: string | undefined;
  for (let turn = index; !signal.aborted && plan.more(); turn++) {
    const from = performance.now();
    const request = {
      messages: [{
        role: "user" as const,
        content: SAYINGS[turn % SAYINGS.length],
      }],
      max_tokens: plan.maxTokens,
      ...(state !== undefined && { state }),
    };
    let first: number | undefined;
    try {
      for await (const event of client.stream(request, signal)) {
        const now = performance.now();
        first ??= now;
        if (event.type !== "done") continue;
        state = event.state;
        const tokens = event.usage.completion_tokens;
        notes.turns.push({
          name,
          at: (now - start) / 1000,
          firstMs: first - from,
          tokenMs: tokens > 1 ? (now - first) / (tokens - 1) : undefined,
          tokens,
        });
        plan.told?.(notes);
      }
    } catch (error) {
      if (signal.aborted) return;
      const now = performance.now();
      if (
        error instanceof ApiError &&
        (error.status === 429 || error.status === 503)
      ) {
        const { status } = error;
        const at = (now - start) / 1000;
        notes.refusals.push({ name, at, status, ms: now - from });
      } else {
        notes.errors.push(error instanceof Error ? error.message : `${error}`);
      }
      await pause(plan.patienceMs, signal);
    }
  }
}

/** Waits, unless `signal` is or gets aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal?.addEventListener("abort", stop);
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
}
