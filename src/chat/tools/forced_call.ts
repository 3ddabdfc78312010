/**
 * A call that an answer has to be, told while it is written: its grammar puts the
 * name first, so what follows is known to be arguments.
 *
 * @module
 */

/** A piece of a call. */
export interface CallPiece {
  /** The function's name. */
  readonly name: string;
  /** The next of its arguments, JSON as it is written. */
  readonly json: string;
}

/** How a call begins, without its blanks, and how the name behind that goes on. */
const CALL_START = '{"name":"', CALL_NAME = /^([\w-]*)(".*)?$/;

const CALL_HEAD =
  /^\s*\{\s*"name"\s*:\s*"([\w-]+)"\s*,\s*"arguments"\s*:\s*(?=\{)/;

/** Where in JSON a text stands. */
interface JsonPlace {
  readonly depth: number;
  readonly quoted: boolean;
  readonly escaped: boolean;
}

/** Reads the call of one answer. */
export class ForcedCall {
  /** What has come before the arguments. */
  #callHead = "";
  #callName: string | undefined;
  #argumentsPlace = "";
  #callPlace: JsonPlace = { depth: 0, quoted: false, escaped: false };
  #callWhole = false;

  /** The function's name, once it is written. */
  get name(): string | undefined {
    return this.#callName;
  }

  /**
   * The only one of some names that what is written can be a call of, although the
   * name or what follows it is cut; nothing where more are left.
   */
  only(names: Iterable<string>): string | undefined {
    const begun = this.#callHead.replaceAll(/\s/g, "");
    if (begun === "" || !this.begun) return undefined;
    const [, part = "", end] = CALL_NAME.exec(begun.slice(CALL_START.length)) ??
      [];
    const left = [...names].filter((name) =>
      end === undefined ? name.startsWith(part) : name === part
    );
    return left.length === 1 ? left[0] : undefined;
  }

  /** Whether what is written is the beginning of a call. */
  get begun(): boolean {
    const begun = this.#callHead.replaceAll(/\s/g, "");
    return begun.startsWith(CALL_START)
      ? CALL_NAME.test(begun.slice(CALL_START.length))
      : CALL_START.startsWith(begun);
  }

  /** What is written of the arguments. */
  get json(): string {
    return this.#argumentsPlace;
  }

  /** Whether they are written to their end. */
  get whole(): boolean {
    return this.#callWhole;
  }

  /** The next of the answer; gives what it has of the call, if anything. */
  push(text: string): CallPiece | undefined {
    let rest = text;
    if (this.#callName === undefined) {
      this.#callHead += text;
      const found = CALL_HEAD.exec(this.#callHead);
      if (found === null) return undefined;
      this.#callName = found[1];
      rest = this.#callHead.slice(found[0].length);
    }
    const json = this.#arguments(rest);
    this.#argumentsPlace += json;
    return json === "" ? undefined : { name: this.#callName, json };
  }

  /** What of a text is arguments: all of it to the bracket that ends them. */
  #arguments(text: string): string {
    if (this.#callWhole) return "";
    for (let i = 0; i < text.length; i++) {
      this.#callPlace = afterLetter(this.#callPlace, text[i]);
      if (this.#callPlace.depth === 0) {
        this.#callWhole = true;
        return text.slice(0, i + 1);
      }
    }
    return text;
  }
}

function afterLetter(place: JsonPlace, letter: string): JsonPlace {
  const { depth, quoted, escaped } = place;
  if (quoted) {
    return {
      depth,
      quoted: escaped || letter !== '"',
      escaped: !escaped && letter === "\\",
    };
  }
  if (letter === '"') return { depth, quoted: true, escaped };
  const change = "{[".includes(letter) ? 1 : "}]".includes(letter) ? -1 : 0;
  return change === 0 ? place : { depth: depth + change, quoted, escaped };
}
