/**
 * The conversation in this tab: where it stands, the answer under way, and
 * every way to go on from a turn.
 *
 * @module
 */

import {
  computed,
  type ReadonlySignal,
  type Signal,
  signal,
} from "@preact/signals";
import { patch } from "../store/signals.ts";
import type { Library } from "../store/conversation_library.ts";
import type { StoredTurn } from "../store/stored_turn.ts";
import { TabPosition } from "./tab_position.ts";
import { ask, health } from "./server_state.ts";
import { computesHere } from "./turn_partner.ts";
import { sendTurn, type Wish } from "./send_turn.ts";
import {
  CONVERSATION_GONE,
  type ErrorNotice,
  explain,
  NO_ROOM,
} from "./error_notice.ts";

/** An answer under way. */
export interface Live {
  /** What was wished for. */
  readonly wish: Wish;
  /** What has come so far. */
  readonly answer: string;
}

/** Where the conversation stands. */
export interface Standing {
  /** The turn to go on from; null before the first. */
  readonly head: string | null;
  /** Turns taken back, the next to be redone last. */
  readonly undone: readonly string[];
  /** What failed, and what was wished for. */
  readonly trouble: (ErrorNotice & { readonly wish?: Wish }) | null;
}

/** One tab's conversation. */
export class Session {
  /** Where it stands. */
  readonly standing: Signal<Standing>;
  /** The answer under way, if any. */
  readonly live: Signal<Live | null> = signal<Live | null>(null);
  /** Whether there is one: what needs no more is not drawn for each word. */
  readonly answering: ReadonlySignal<boolean> = computed(() =>
    this.live.value !== null
  );
  /** What is being written. */
  readonly draft: Signal<string> = signal("");
  readonly #library: Library;
  readonly #placeOfTurn = new TabPosition();
  #stop: AbortController | undefined;

  /** Goes on where this tab was before it was loaded again. */
  constructor(library: Library) {
    this.#library = library;
    const { head, wish } = this.#placeOfTurn;
    const known = head !== null && library.turns.value.has(head) ? head : null;
    this.standing = signal<Standing>({
      head: known,
      undone: [],
      trouble: wish !== null
        ? {
          message: "The page was closed before the answer had ended.",
          action: "retry",
          wish,
        }
        : head !== known
        ? CONVERSATION_GONE
        : null,
    });
    if (head !== known) this.#placeOfTurn.head = null;
  }

  /** The turns up to the head. */
  path(): StoredTurn[] {
    return this.#library.path(this.standing.value.head);
  }

  /** Says something. */
  async say(user: string): Promise<void> {
    await this.#takeTurn({
      kind: "say",
      parent: this.standing.value.head,
      user,
    });
  }

  /** Lets the answer of the head go on. */
  async more(): Promise<void> {
    const { head } = this.standing.value;
    await this.#takeTurn({ kind: "more", parent: head, user: "" });
  }

  /** Asks the same again, with another seed: a sibling of the turn. */
  async regenerate(turn: StoredTurn): Promise<void> {
    const { kind, parent, user, system, initial } = turn;
    if (kind === "import") return;
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    await this.#takeTurn({ kind, parent, user, system, initial, seed });
  }

  /** Says something else instead: a fork. */
  async edit(
    { parent, system, initial }: StoredTurn,
    user: string,
  ): Promise<void> {
    await this.#takeTurn({ kind: "say", parent, user, system, initial });
  }

  /** Tries again what failed. */
  async retry(): Promise<void> {
    const { wish } = this.standing.value.trouble ?? {};
    if (wish !== undefined) await this.#takeTurn(wish);
  }

  /** Lets this tab answer what the server could not. */
  async answerHere(): Promise<void> {
    const { wish } = this.standing.value.trouble ?? {};
    if (wish !== undefined) await this.#takeTurn({ ...wish, here: true });
  }

  /** Has the words read again where the save is gone. */
  async readAgain(): Promise<void> {
    const { wish } = this.standing.value.trouble ?? {};
    if (wish !== undefined) await this.#takeTurn({ ...wish, reread: true });
  }

  /** Has another model read the conversation anew. */
  async rebase(): Promise<void> {
    const { wish } = this.standing.value.trouble ?? {};
    if (wish !== undefined) await this.#takeTurn({ ...wish, rebase: true });
  }

  /** Goes on from another turn with the words of what failed. */
  goBack(head: string | null): void {
    this.dismiss();
    this.goTo(head);
  }

  /** Leaves what failed; its words come back to be changed. */
  dismiss(): void {
    const { wish } = this.standing.value.trouble ?? {};
    this.#placeOfTurn.wish = null;
    patch(this.standing, { trouble: null });
    if (this.draft.value === "") this.draft.value = wish?.user ?? "";
  }

  /** Ends the answer under way and keeps what has come. */
  stop(): void {
    this.#stop?.abort();
  }

  /** Goes on from any turn; from none: begins anew. */
  goTo(head: string | null): void {
    this.stop();
    this.#standingTurn(head, []);
  }

  /** Takes the last turn back. */
  undo(): void {
    const { head, undone } = this.standing.value;
    const turn = this.#library.turns.value.get(head ?? "");
    if (turn === undefined || this.live.value !== null) return;
    this.#standingTurn(turn.parent, [...undone, turn.id]);
  }

  /** Brings a turn back that was taken back. */
  redo(): void {
    const { undone } = this.standing.value;
    const next = undone.at(-1);
    if (next === undefined || this.live.value !== null) return;
    this.#standingTurn(next, undone.slice(0, -1));
  }

  async #takeTurn(wish: Wish): Promise<void> {
    if (this.live.value !== null) return;
    const stop = this.#stop = new AbortController();
    this.#placeOfTurn.wish = wish;
    patch(this.standing, { head: wish.parent, trouble: null });
    this.live.value = { wish, answer: "" };
    try {
      const taken = await sendTurn(
        wish,
        this.#library,
        (answer) => this.live.value = { wish, answer },
        stop.signal,
      );
      this.#placeOfTurn.wish = null;
      if (taken === undefined) {
        this.draft.value = wish.user;
        return;
      }
      // Somebody who has gone elsewhere meanwhile is not called back.
      if (this.standing.value.head === wish.parent) {
        this.#standingTurn(taken.turn.id, []);
      }
      if (!taken.kept) patch(this.standing, { trouble: NO_ROOM });
      if (health.value.status !== "ready" && !computesHere()) ask();
    } catch (error) {
      patch(this.standing, { trouble: { ...explain(error), wish } });
      if (!computesHere()) ask();
    } finally {
      this.live.value = null;
    }
  }

  #standingTurn(head: string | null, undone: readonly string[]): void {
    this.#placeOfTurn.head = head;
    this.standing.value = { head, undone, trouble: null };
  }
}
