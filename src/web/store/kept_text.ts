/**
 * Short texts by name, in localStorage or sessionStorage; or, where the browser
 * keeps neither or has no room, in memory until the tab is closed.
 *
 * @module
 */

/** Texts of one storage. */
export class KeptText {
  readonly #storageArea: "localStorage" | "sessionStorage";
  readonly #textInMemory = new Map<string, string>();

  /** Opens nothing: a browser may refuse even to name its storage. */
  constructor(area: "localStorage" | "sessionStorage") {
    this.#storageArea = area;
  }

  /** The text of a name, if there is one. */
  get(name: string): string | null {
    const held = this.#textInMemory.get(name);
    if (held !== undefined) return held;
    try {
      return globalThis[this.#storageArea].getItem(name);
    } catch {
      return null;
    }
  }

  /** Keeps a text. */
  set(name: string, text: string): void {
    try {
      globalThis[this.#storageArea].setItem(name, text);
      this.#textInMemory.delete(name);
    } catch {
      this.#textInMemory.set(name, text);
    }
  }
}

/** Texts that every tab shares. */
export const sharedTexts: KeptText = new KeptText("localStorage");

/** Texts of this tab. */
export const ownTexts: KeptText = new KeptText("sessionStorage");
