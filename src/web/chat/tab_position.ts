/**
 * Where this tab is, kept over a reload: in sessionStorage for the tab itself,
 * and in localStorage for the next one to be opened.
 *
 * @module
 */

import { ownTexts, sharedTexts } from "../store/kept_text.ts";
import type { Wish } from "./send_turn.ts";

const TAB_HEAD_KEY = "gosling-head";
const WISH = "gosling-wish";

/** One tab's place. */
export class TabPosition {
  /** The turn to go on from. */
  get head(): string | null {
    const own = ownTexts.get(TAB_HEAD_KEY);
    return (own ?? sharedTexts.get(TAB_HEAD_KEY)) || null;
  }

  /** Remembers the turn to go on from. */
  set head(head: string | null) {
    ownTexts.set(TAB_HEAD_KEY, head ?? "");
    sharedTexts.set(TAB_HEAD_KEY, head ?? "");
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
