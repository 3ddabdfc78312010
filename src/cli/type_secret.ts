/**
 * A secret that is typed at the terminal and not shown.
 *
 * @module
 */

/** Where somebody types: standard input. */
export interface Keyboard {
  isTerminal(): boolean;
  setRaw(raw: boolean): void;
  /** Waits for bytes; null at the end. */
  readSync(bytes: Uint8Array): number | null;
}

const TAB = 9, ENTER = 13, LINE_FEED = 10, BACKSPACE = 8, DELETE = 127;
const CONTROL_C = 3, CONTROL_D = 4, CONTROL_U = 21, ESCAPE = 27;

/** Of the last bytes that an escape sequence ends with. */
const FINAL = 0x40;

/**
 * Asks, and reads a line that the terminal does not repeat. Where input is no
 * terminal, its first line is taken, and nothing is asked.
 *
 * @param show Writes to the terminal.
 * @returns The line; nothing at the end of input.
 * @throws {DOMException} `AbortError` for Ctrl+C.
 */
export function typeSecret(
  question: string,
  keyboard: Keyboard = Deno.stdin,
  show: (text: string) => void = writeToTerminal,
): string | undefined {
  if (!keyboard.isTerminal()) return readLine(keyboard);
  // Before the question, for some type ahead of it.
  keyboard.setRaw(true);
  try {
    show(`${question} `);
    return readLine(keyboard);
  } finally {
    keyboard.setRaw(false);
    show("\n");
  }
}

/** Standard error, so that answers can be piped on. */
function writeToTerminal(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

function readLine(keyboard: Keyboard): string | undefined {
  // One at a time: what follows the line is somebody else's to read.
  const byte = new Uint8Array(1);
  const typed: number[] = [];
  let ended = false;
  const next = () => {
    ended = (keyboard.readSync(byte) ?? 0) === 0;
    return ended ? LINE_FEED : byte[0];
  };
  for (;;) {
    const key = next();
    switch (key) {
      case ENTER:
      case LINE_FEED:
      case CONTROL_D:
        if (typed.length === 0 && (ended || key === CONTROL_D)) {
          return undefined;
        }
        return new TextDecoder().decode(Uint8Array.from(typed));
      case CONTROL_C:
        throw new DOMException("Cannot go on: interrupted", "AbortError");
      case CONTROL_U:
        typed.length = 0;
        break;
      case BACKSPACE:
      case DELETE:
        // A character is its last byte and those before it up to its first.
        while (isContinuation(typed.at(-1))) typed.pop();
        typed.pop();
        break;
      case ESCAPE:
        // An arrow or another key that types nothing: `ESC [ … letter`.
        if ([0x5b, 0x4f].includes(next())) { while (next() < FINAL && !ended); }
        break;
      default:
        if (key >= 32 || key === TAB) typed.push(key);
    }
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
