/**
 * Which dialog is open, and what it is about.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import type { Library } from "../store/conversation_library.ts";
import type { Slot, StoredTurn } from "../store/stored_turn.ts";

/** A dialog. */
export type Dialog =
  | { readonly type: "settings" }
  | { readonly type: "save"; readonly turn: StoredTurn; readonly name: string }
  | { readonly type: "rename"; readonly slot: Slot }
  | { readonly type: "memory"; readonly slot: Slot }
  | {
    readonly type: "passphrase";
    readonly words: string;
    readonly verb: string;
    readonly act: (passphrase: string) => void;
  }
  | {
    readonly type: "confirm";
    readonly words: string;
    readonly verb: string;
    readonly act: () => void;
  };

/** The dialog that is open, if any. */
export const dialog: Signal<Dialog | null> = signal<Dialog | null>(
  null,
);

/** Opens the settings. */
export function openSettings(): void {
  dialog.value = { type: "settings" };
}

/** Asks for the name of a new save. */
export function nameSave(library: Library, turn: StoredTurn): void {
  const name = `Save ${library.slots.value.size + 1}`;
  dialog.value = { type: "save", turn, name };
}

/** Asks for a passphrase. */
export function askPassphrase(
  words: string,
  verb: string,
  act: (passphrase: string) => void,
): void {
  dialog.value = { type: "passphrase", words, verb, act };
}

/** Asks before something that cannot be taken back. */
export function confirm(words: string, verb: string, act: () => void): void {
  dialog.value = { type: "confirm", words, verb, act };
}
