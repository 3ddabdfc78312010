/**
 * What every part of the page works with.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "../chat/session.ts";
import type { Notebook } from "../notebook/notebook.ts";
import type { Library } from "../store/conversation_library.ts";

/** The page's parts. */
export interface PageParts {
  /** Turns and slots. */
  readonly library: Library;
  /** This tab's conversation. */
  readonly session: Session;
  /** Pictures of its state. */
  readonly notebook: Notebook;
}

const Context = createContext<PageParts | undefined>(undefined);

/** Hands the parts down. */
export const PartsProvider = Context.Provider;

/** The page's parts, in a component. */
export function useParts(): PageParts {
  const parts = useContext(Context);
  if (parts === undefined) throw new Error("Cannot draw outside of the page");
  return parts;
}

/** What is shown where there is room for one thing only. */
export type Pane = "chat" | "saves" | "memory";

/** Which pane is shown. */
export const pane: Signal<Pane> = signal<Pane>("chat");

/** What the side beside the chat shows. */
export const side: Signal<"notebook" | "turns"> = signal<
  "notebook" | "turns"
>("notebook");

/** A sentence at the foot of the page, read out by screen readers. */
export const notice: Signal<string> = signal("");

let fading: ReturnType<typeof setTimeout> | undefined;

/** Says something at the foot of the page, for a while. */
export function say(words: string): void {
  notice.value = words;
  clearTimeout(fading);
  fading = setTimeout(() => notice.value = "", 6000);
}
