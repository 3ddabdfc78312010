/**
 * Which dialog is open, and what it is about.
 *
 * @module
 */

import type { Library } from "../store/library.ts";
import { Observable } from "../store/observable.ts";
import type { Slot, StoredTurn } from "../store/stored_turn.ts";

/** A dialog. */
export type Dialog =
  | { readonly type: "settings" }
  | { readonly type: "save"; readonly turn: StoredTurn; readonly name: string }
  | { readonly type: "rename"; readonly slot: Slot }
  | { readonly type: "memory"; readonly slot: Slot }
  | {
    readonly type: "confirm";
    readonly words: string;
    readonly verb: string;
    readonly act: () => void;
  };

/** The dialog that is open, if any. */
export const dialog: Observable<Dialog | null> = new Observable<Dialog | null>(
  null,
);

/** Opens the settings. */
export function openSettings(): void {
  dialog.set({ type: "settings" });
}

/** Asks for the name of a new save. */
export function nameSave(library: Library, turn: StoredTurn): void {
  const name = `Save ${library.slots.value.size + 1}`;
  dialog.set({ type: "save", turn, name });
}

/** Asks before something that cannot be taken back. */
export function confirm(words: string, verb: string, act: () => void): void {
  dialog.set({ type: "confirm", words, verb, act });
}
