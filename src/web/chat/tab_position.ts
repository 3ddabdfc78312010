/**
 * Where this tab is, kept over a reload: in sessionStorage for the tab itself,
 * and in localStorage for the next one to be opened.
 *
 * @module
 */

import { ownTexts, sharedTexts } from "../store/kept_text.ts";
import type { Wish } from "./send_turn.ts";

const HEAD = "gosling-head";
const WISH = "gosling-wish";

/** One tab's place. */
export class TabPosition {
  /** The turn to go on from. */
  get head(): string | null {
    const own = ownTexts.get(HEAD);
    return (own ?? sharedTexts.get(HEAD)) || null;
  }

  /** Remembers the turn to go on from. */
  set head(head: string | null) {
    ownTexts.set(HEAD, head ?? "");
    sharedTexts.set(HEAD, head ?? "");
  }

  /** What was asked and not answered yet. */
  get wish(): Wish | null {
    return JSON.parse(ownTexts.get(WISH) ?? "null");
  }

  /** Remembers what was asked. */
  set wish(wish: Wish | null) {
    ownTexts.set(WISH, JSON.stringify(wish));
  }
}
