/**
 * A conversation that keeps its own memory: a tree of turns, each with the save it
 * left, so that every turn can be gone on from, again and in other ways.
 *
 * @module
 */

import type {
  ChatMessage,
  Client,
  GenerateEnd,
  GenerateOptions,
} from "./client.ts";
import { type ConversationRecord, readRecord } from "./conversation_record.ts";
import { saveText, type SaveToken } from "./save_bytes.ts";

/** A turn that was taken. */
export interface ConversationTurn {
  /** The turn that it goes on from; absent for a first one. */
  readonly before?: ConversationTurn;
  /** What was said. */
  readonly messages: readonly ChatMessage[];
  /** What was answered, as far as it was read. */
  readonly answer: string;
  /** What the model thought before. */
  readonly reasoning?: string;
  /** How it ended; `left` where the loop over its answer was left. */
  readonly finish: GenerateEnd["finish_reason"] | "left";
  /** What it cost, in tokens. */
  readonly usage?: GenerateEnd["usage"];
  /** The save that it left. Without one, its words are read again. */
  readonly save?: string;
}

/** How to draw, in every turn. */
export type SayOptions = Omit<GenerateOptions, "state">;

/** What to put into a record. */
export interface RecordOptions {
  /** Only the saves of ends of branches, of slots, and of this place. */
  readonly slim?: boolean;
}

/** Whatever takes turns: a server's client, or an engine beside it. */
export type StreamClient = Pick<Client, "stream">;

type TurnPlace = ConversationTurn | undefined;

/** A conversation with a model. */
export class Conversation {
  readonly #client: StreamClient;
  readonly #conversationOptions: SayOptions;
  readonly #beginTurn: string | undefined;
  readonly #turns: ConversationTurn[] = [];
  readonly #saveSlots = new Map<string, TurnPlace>();
  #currentTurn: TurnPlace;
  #busy = false;

  /**
   * Begins a conversation, or goes on with one.
   *
   * @param client The server.
   * @param options How to draw, in every turn.
   * @param save What to go on from.
   */
  constructor(
    client: StreamClient,
    options: SayOptions = {},
    save?: SaveToken,
  ) {
    this.#client = client;
    this.#conversationOptions = options;
    this.#beginTurn = save === undefined ? undefined : saveText(save);
  }

  /**
   * The conversation of a {@linkcode record}.
   *
   * @throws {TypeError} If it is another thing.
   */
  static from(
    client: StreamClient,
    record: unknown,
    options: SayOptions = {},
  ): Conversation {
    const { begin, turns, at, slots } = readRecord(record);
    const chat = new Conversation(client, options, begin);
    for (const { before, ...turn } of turns) {
      const last = before === undefined ? undefined : chat.#turns[before];
      chat.#turns.push({ ...turn, ...(last && { before: last }) });
    }
    const place = (index: number | null = null) =>
      index === null ? undefined : chat.#turns[index];
    chat.#currentTurn = place(at);
    for (const [name, index] of Object.entries(slots)) {
      chat.#saveSlots.set(name, place(index));
    }
    return chat;
  }

  /** The last turn: how it ended, what it cost. Absent before the first. */
  get turn(): ConversationTurn | undefined {
    return this.#currentTurn;
  }

  /** The turns that lead here, the first one first. */
  get path(): readonly ConversationTurn[] {
    return pathTo(this.#currentTurn);
  }

  /** Every turn that was taken, on whichever branch, in their order. */
  get turns(): readonly ConversationTurn[] {
    return [...this.#turns];
  }

  /** What to go on from: absent before the first save. */
  get save(): string | undefined {
    return this.#origin().save;
  }

  /** The names of slots. */
  get slots(): readonly string[] {
    return [...this.#saveSlots.keys()];
  }

  /**
   * Says something, and gives the answer piece by piece; {@linkcode turn} then says
   * how it ended. Where the loop is left, what was read of the answer is kept, and
   * the next turn goes on from there. A turn that fails, or whose signal aborts it,
   * has not happened.
   *
   * @throws {ApiError} If the server refuses, or fails on the way.
   * @throws {Error} If another turn is under way.
   */
  async *say(
    message: string | readonly ChatMessage[],
    signal?: AbortSignal,
  ): AsyncGenerator<string, ConversationTurn> {
    const messages = typeof message === "string"
      ? [{ role: "user" as const, content: message }]
      : message;
    return yield* this.#takeTurn(messages, this.#conversationOptions, signal);
  }

  /**
   * Says something, and waits for the whole answer.
   *
   * @throws {ApiError} If the server refuses, or fails on the way.
   * @throws {Error} If another turn is under way.
   */
  async ask(
    message: string | readonly ChatMessage[],
    signal?: AbortSignal,
  ): Promise<ConversationTurn> {
    return await last(this.say(message, signal));
  }

  /**
   * Has the last turn answered once more, by another seed: a branch beside it.
   *
   * @throws {Error} If there is no turn, or another is under way.
   */
  async *again(signal?: AbortSignal): AsyncGenerator<string, ConversationTurn> {
    const turn = this.#currentTurn;
    if (turn === undefined) {
      throw new Error("Cannot answer again: nothing has been said yet");
    }
    const seed = Math.floor(Math.random() * 2 ** 32);
    this.#expectIdle();
    this.#currentTurn = turn.before;
    try {
      return yield* this.#takeTurn(
        turn.messages,
        { ...this.#conversationOptions, seed },
        signal,
      );
    } finally {
      // A turn that did not happen leaves the one before it.
      if (this.#currentTurn === turn.before) this.#currentTurn = turn;
    }
  }

  /** Another conversation with the same past; what it says is its own. */
  fork(): Conversation {
    const twin = new Conversation(
      this.#client,
      this.#conversationOptions,
      this.#beginTurn,
    );
    twin.#turns.push(...this.#turns);
    for (const [name, turn] of this.#saveSlots) twin.#saveSlots.set(name, turn);
    twin.#currentTurn = this.#currentTurn;
    return twin;
  }

  /** Goes back by one turn, which stays in the tree; false if there is none. */
  undo(): boolean {
    if (this.#currentTurn === undefined) return false;
    this.go(this.#currentTurn.before);
    return true;
  }

  /**
   * Goes to any turn of the tree, or before the first.
   *
   * @throws {Error} If it is none of this tree, or a turn is under way.
   */
  go(turn?: ConversationTurn): void {
    this.#expectIdle();
    if (turn !== undefined && !this.#turns.includes(turn)) {
      throw new Error("Cannot go to a turn of another conversation");
    }
    this.#currentTurn = turn;
  }

  /** The turns that go on from one; those that begin, without one. */
  branches(turn?: ConversationTurn): readonly ConversationTurn[] {
    return this.#turns.filter(({ before }) => before === turn);
  }

  /** Gives this place a name, as a save slot of a game. */
  keep(slot: string): void {
    this.#saveSlots.set(slot, this.#currentTurn);
  }

  /** Goes to the place of that name; false if there is none. */
  load(slot: string): boolean {
    if (!this.#saveSlots.has(slot)) return false;
    this.go(this.#saveSlots.get(slot));
    return true;
  }

  /** Forgets a name; false if there is none. */
  drop(slot: string): boolean {
    return this.#saveSlots.delete(slot);
  }

  /**
   * The whole tree as data, most of which are saves. A turn without one can still
   * be gone on from: its words are read again.
   */
  record({ slim = false }: RecordOptions = {}): ConversationRecord {
    const places = new Map(this.#turns.map((turn, i) => [turn, i]));
    const needed = new Set<TurnPlace>([
      this.#currentTurn,
      ...this.#saveSlots.values(),
    ]);
    const inner = new Set(this.#turns.map(({ before }) => before));
    return {
      format: "gosling-conversation",
      version: 1,
      ...(this.#beginTurn !== undefined && { begin: this.#beginTurn }),
      turns: this.#turns.map((turn) => {
        const { before, save, ...rest } = turn;
        const index = before && places.get(before);
        const kept = !slim || needed.has(turn) || !inner.has(turn);
        return {
          ...rest,
          ...(index !== undefined && { before: index }),
          ...(kept && save !== undefined && { save }),
        };
      }),
      ...(this.#currentTurn && { at: places.get(this.#currentTurn) ?? 0 }),
      slots: Object.fromEntries(
        [...this.#saveSlots].map(([name, turn]) => [
          name,
          turn === undefined ? null : places.get(turn) ?? null,
        ]),
      ),
    };
  }

  /** {@linkcode record}, for `JSON.stringify`. */
  toJSON(): ConversationRecord {
    return this.record();
  }

  /** The newest save here, and what was said since. */
  #origin(): { save: string | undefined; unread: readonly ChatMessage[] } {
    const since: ConversationTurn[] = [];
    let turn = this.#currentTurn;
    for (; turn !== undefined && turn.save === undefined; turn = turn.before) {
      since.unshift(turn);
    }
    return {
      save: turn?.save ?? this.#beginTurn,
      unread: since.flatMap(({ messages, answer }) => [
        ...messages,
        { role: "assistant" as const, content: answer.trim() },
      ]),
    };
  }

  #expectIdle(): void {
    if (!this.#busy) return;
    throw new Error(
      "Cannot take two turns at once: wait for the one under way, or fork()",
    );
  }

  async *#takeTurn(
    messages: readonly ChatMessage[],
    { initial, ...options }: SayOptions,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string, ConversationTurn> {
    this.#expectIdle();
    this.#busy = true;
    const { save, unread } = this.#origin();
    let answer = "", reasoning = "";
    const add = (end: Pick<ConversationTurn, "finish" | "usage" | "save">) => {
      const turn: ConversationTurn = {
        ...(this.#currentTurn && { before: this.#currentTurn }),
        messages,
        answer,
        ...(reasoning !== "" && { reasoning }),
        ...end,
      };
      this.#turns.push(turn);
      return this.#currentTurn = turn;
    };
    let left = true;
    try {
      const events = this.#client.stream({
        ...options,
        messages: [...unread, ...messages],
        ...(save !== undefined
          ? { state: save }
          : initial !== undefined && { initial }),
      }, signal);
      for await (const event of events) {
        if (event.type === "text") {
          answer += event.text;
          reasoning += event.reasoning ?? "";
          if (event.text !== "") yield event.text;
          continue;
        }
        left = false;
        if (event.type === "rebase") continue;
        const { finish_reason: finish, usage, state } = event;
        return add({
          finish,
          usage,
          ...(state !== undefined && { save: state }),
        });
      }
      throw new Error("Cannot take a turn: its answer had no end");
    } catch (error) {
      left = false;
      throw error;
    } finally {
      this.#busy = false;
      if (left && answer !== "") add({ finish: "left" });
    }
  }
}

/** The turns that lead to one, the first one first. */
function pathTo(turn: TurnPlace): readonly ConversationTurn[] {
  const path: ConversationTurn[] = [];
  for (let at = turn; at !== undefined; at = at.before) path.unshift(at);
  return path;
}

async function last<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
  }
}
