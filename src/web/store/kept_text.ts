/**
 * Short texts by name, in localStorage or sessionStorage; or, where the browser
 * keeps neither or has no room, in memory until the tab is closed.
 *
 * @module
 */

/** Texts of one storage. */
export class KeptText {
  readonly #area: "localStorage" | "sessionStorage";
  readonly #memory = new Map<string, string>();

  /** Opens nothing: a browser may refuse even to name its storage. */
  constructor(area: "localStorage" | "sessionStorage") {
    this.#area = area;
  }

  /** The text of a name, if there is one. */
  get(name: string): string | null {
    const held = this.#memory.get(name);
    if (held !== undefined) return held;
    try {
      return globalThis[this.#area].getItem(name);
    } catch {
      return null;
    }
  }

  /** Keeps a text. */
  set(name: string, text: string): void {
    try {
      globalThis[this.#area].setItem(name, text);
      this.#memory.delete(name);
    } catch {
      this.#memory.set(name, text);
    }
  }
}

/** Texts that every tab shares. */
export const sharedTexts: KeptText = new KeptText("localStorage");

/** Texts of this tab. */
export const ownTexts: KeptText = new KeptText("sessionStorage");
