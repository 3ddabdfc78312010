/**
 * Where this tab is, kept over a reload: in sessionStorage for the tab itself,
 * and in localStorage for the next one to be opened.
 *
 * @module
 */

import type { Wish } from "./send_turn.ts";

const HEAD = "gosling-head";
const WISH = "gosling-wish";

/** One tab's place. */
export class TabPosition {
  /** The turn to go on from. */
  get head(): string | null {
    const own = sessionStorage.getItem(HEAD);
    return (own ?? localStorage.getItem(HEAD)) || null;
  }

  /** Remembers the turn to go on from. */
  set head(head: string | null) {
    sessionStorage.setItem(HEAD, head ?? "");
    localStorage.setItem(HEAD, head ?? "");
  }

  /** What was asked and not answered yet. */
  get wish(): Wish | null {
    return JSON.parse(sessionStorage.getItem(WISH) ?? "null");
  }

  /** Remembers what was asked. */
  set wish(wish: Wish | null) {
    sessionStorage.setItem(WISH, JSON.stringify(wish));
  }
}
