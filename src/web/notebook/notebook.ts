/**
 * Pictures of the state that the conversation stands on, fetched as they are
 * looked at.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { patch, watch } from "../store/signals.ts";
import { fetchDetails, type LayerPicture } from "../chat/server_state.ts";
import { explain } from "../chat/error_notice.ts";
import type { Session } from "../chat/session.ts";
import type { Library } from "../store/conversation_library.ts";

/** What the notebook shows. */
export interface Page {
  /** Which layer, from 0. */
  readonly layer: number;
  /** The turn whose state it is; null: the blank state. */
  readonly turn: string | null;
  /** The layer's matrices; nothing while they are on their way. */
  readonly picture?: LayerPicture;
  /** The same layer one turn before. */
  readonly before?: LayerPicture;
  /** Why there is no picture. */
  readonly words?: string;
}

/** How many pictures to keep. */
const KEPT = 64;

/** Follows a conversation with pictures of its state. */
export class Notebook {
  /** What to show. */
  readonly page: Signal<Page> = signal<Page>({
    layer: 0,
    turn: null,
  });
  readonly #library: Library;
  readonly #session: Session;
  readonly #statePictures = new Map<
    string,
    Promise<LayerPicture | undefined>
  >();
  #lookingAt = 0;

  /** Follows `session`. */
  constructor(library: Library, session: Session) {
    this.#library = library;
    this.#session = session;
    watch(session.standing, () => this.#lookAtTurn());
  }

  /** Turns to another layer, or looks again. */
  async turnTo(layer: number): Promise<void> {
    patch(this.page, { layer });
    await this.#lookAtTurn(true);
  }

  /** A small picture of a turn, for its slot: the first head of this layer. */
  async face(turn: string): Promise<Int8Array | undefined> {
    try {
      return (await this.#statePicture(turn, this.page.value.layer))?.heads[0];
    } catch {
      return undefined; // a slot without a face is a slot all the same
    }
  }

  async #lookAtTurn(again = false): Promise<void> {
    const { head } = this.#session.standing.value;
    const { turn, layer } = this.page.value;
    if (head === turn && !again) return;
    const look = ++this.#lookingAt;
    if (head === null) {
      this.page.value = { layer, turn: null };
      return;
    }
    try {
      const parent = this.#library.turns.value.get(head)?.parent ?? null;
      const [picture, before] = await Promise.all([
        this.#statePicture(head, layer),
        parent === null ? undefined : this.#statePicture(parent, layer),
      ]);
      if (look !== this.#lookingAt) return;
      this.page.value = {
        layer,
        turn: head,
        ...(picture && { picture }),
        ...(before && { before }),
      };
    } catch (error) {
      if (look !== this.#lookingAt) return;
      this.page.value = { layer, turn: head, words: explain(error).message };
    }
  }

  #statePicture(
    turn: string,
    layer: number,
  ): Promise<LayerPicture | undefined> {
    const key = `${turn} ${layer}`;
    const known = this.#statePictures.get(key);
    if (known !== undefined) return known;
    const coming = this.#library.state(turn).then(async (state) =>
      state === undefined
        ? undefined
        : (await fetchDetails(state, layer)).picture
    );
    this.#statePictures.set(key, coming);
    coming.catch(() => this.#statePictures.delete(key));
    const [oldest] = this.#statePictures.keys();
    if (this.#statePictures.size > KEPT && oldest !== undefined) {
      this.#statePictures.delete(oldest);
    }
    return coming;
  }
}
