/**
 * WebAssembly that ends by itself. Nothing ends a thread from outside while it is
 * in a loop: `Worker.terminate()` in Deno 2.9.6 asks the thread's event loop to end,
 * and a loop, be it of JavaScript or of WebAssembly, never goes back there. So the
 * module is changed before it is compiled: every loop and every function first takes
 * one unit of fuel from a global variable, and traps when none is left. Its memory
 * gets a maximum as well.
 *
 * Fuel counts steps, not time: whether a grammar can be used depends on the grammar
 * alone, and not on what else the machine does.
 *
 * Sources: the binary format of WebAssembly 2.0, chapter 5; the idea is that of gas
 * metering by instrumentation.
 *
 * @module
 */

/** The export that holds the fuel, a mutable `i64`. */
export const FUEL = "fuel";

/** How far a module may go. */
export interface MeterOptions {
  /** Pages of 64 KiB that its memory may have. */
  readonly pages: number;
  /** Fuel that it begins with. */
  readonly fuel: bigint;
}

const SECTION = { memory: 5, global: 6, export: 7, code: 10 } as const;

const MAGIC_BYTES = 8;

const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  globalGet: 0x23,
  globalSet: 0x24,
  i64Const: 0x42,
  i64Eqz: 0x50,
  i64Sub: 0x7d,
} as const;

const I64_TYPE = 0x7e,
  MUTABLE_GLOBAL = 1,
  EMPTY_BLOCK = 0x40,
  GLOBAL_EXPORT = 3;

/**
 * The same module, which takes fuel and has a bound to its memory.
 *
 * @throws {TypeError} If the module has instructions that this reader does not know.
 */
export function metered(
  module: Uint8Array,
  { pages, fuel }: MeterOptions,
): Uint8Array<ArrayBuffer> {
  const input = new ModuleReader(module, MAGIC_BYTES);
  const output = new ModuleWriter();
  output.copy(module.subarray(0, MAGIC_BYTES));
  let global = 0;
  while (!input.done) {
    const id = input.byte();
    const length = input.count();
    const body = module.subarray(input.at, input.at += length);
    output.byte(id);
    switch (id) {
      case SECTION.memory:
        output.sized(bounded(new ModuleReader(body), pages));
        break;
      case SECTION.global:
        global = new ModuleReader(body).count();
        output.sized(withEntry(body, [
          ...[
            I64_TYPE,
            MUTABLE_GLOBAL,
            OPCODE.i64Const,
            ...signed(fuel),
            OPCODE.end,
          ],
        ]));
        break;
      case SECTION.export:
        output.sized(withEntry(body, [
          ...[FUEL.length, ...new TextEncoder().encode(FUEL)],
          ...[GLOBAL_EXPORT, ...unsigned(global)],
        ]));
        break;
      case SECTION.code:
        output.sized(meteredCode(body, global));
        break;
      default:
        output.sized(body);
    }
  }
  return output.bytes();
}

/** One memory, with a maximum of `pages`. */
function bounded(input: ModuleReader, pages: number): Uint8Array {
  if (input.count() !== 1) {
    throw new TypeError("Cannot meter: several memories");
  }
  const flags = input.count();
  const least = input.count();
  const most = (flags & 1) === 0 ? pages : Math.min(pages, input.count());
  return Uint8Array.from([
    ...[1, flags | 1, ...unsigned(least)],
    ...unsigned(Math.max(least, most)),
  ]);
}

/** A section's list with one more entry at its end. */
function withEntry(body: Uint8Array, entry: readonly number[]): Uint8Array {
  const input = new ModuleReader(body);
  const count = input.count();
  const output = new ModuleWriter();
  output.copy(Uint8Array.from(unsigned(count + 1)));
  output.copy(body.subarray(input.at));
  output.copy(Uint8Array.from(entry));
  return output.bytes();
}

function meteredCode(body: Uint8Array, global: number): Uint8Array {
  const take = Uint8Array.from([
    ...[
      OPCODE.globalGet,
      ...unsigned(global),
      OPCODE.i64Const,
      1,
      OPCODE.i64Sub,
    ],
    ...[
      OPCODE.globalSet,
      ...unsigned(global),
      OPCODE.globalGet,
      ...unsigned(global),
    ],
    ...[OPCODE.i64Eqz, OPCODE.if, EMPTY_BLOCK, OPCODE.unreachable, OPCODE.end],
  ]);
  const input = new ModuleReader(body);
  const output = new ModuleWriter();
  const functions = input.count();
  output.copy(Uint8Array.from(unsigned(functions)));
  for (let i = 0; i < functions; i++) {
    const length = input.count();
    const code = body.subarray(input.at, input.at += length);
    output.sized(meteredFunction(code, take));
  }
  return output.bytes();
}

function meteredFunction(code: Uint8Array, take: Uint8Array): Uint8Array {
  const input = new ModuleReader(code);
  const output = new ModuleWriter();
  for (let groups = input.count(); groups > 0; groups--) {
    input.count();
    input.byte();
  }
  output.copy(code.subarray(0, input.at));
  output.copy(take);
  let copied = input.at;
  while (!input.done) {
    if (!input.instruction()) continue;
    output.copy(code.subarray(copied, input.at));
    output.copy(take);
    copied = input.at;
  }
  output.copy(code.subarray(copied));
  return output.bytes();
}

/** Reads a module from a place on. */
class ModuleReader {
  readonly #moduleBytes: Uint8Array;
  /** The next byte. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#moduleBytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#moduleBytes.length;
  }

  byte(): number {
    return this.#moduleBytes[this.at++];
  }

  /** A number of 32 bits in LEB128. */
  count(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Passes over one instruction; whether it begins a loop. */
  instruction(): boolean {
    const op = this.byte();
    if (op >= OPCODE.block && op <= OPCODE.if) {
      this.#skipOperand(1);
      return op === OPCODE.loop;
    }
    const operands = OPERANDS[op];
    if (operands !== undefined) {
      this.#skipOperand(operands);
    } else if (op === 0x0e) {
      this.#skipOperand(this.count() + 1);
    } else if (op === 0x1c) {
      this.at += this.count();
    } else if (op === 0x43) {
      this.at += 4;
    } else if (op === 0x44) {
      this.at += 8;
    } else if (op === 0xfc) {
      this.#skipOperand(BULK[this.count()] ?? unknownOpcode(op));
    } else {
      unknownOpcode(op);
    }
    return false;
  }

  /** Passes over numbers in LEB128, signed ones too. */
  #skipOperand(numbers: number): void {
    for (; numbers > 0; numbers--) while (this.byte() >= 0x80);
  }
}

/** Numbers in LEB128 after each instruction that has nothing else after it. */
const OPERANDS: readonly (number | undefined)[] = [
  ...span(0x00, 0x01, 0),
  ...span(0x05, 0x05, 0),
  ...span(0x0b, 0x0b, 0),
  ...span(0x0c, 0x0d, 1),
  ...span(0x0f, 0x0f, 0),
  ...span(0x10, 0x10, 1),
  ...span(0x11, 0x11, 2),
  ...span(0x1a, 0x1b, 0),
  ...span(0x20, 0x26, 1),
  ...span(0x28, 0x3e, 2),
  ...span(0x3f, 0x42, 1),
  ...span(0x45, 0xc4, 0),
  ...span(0xd0, 0xd0, 1),
  ...span(0xd1, 0xd1, 0),
  ...span(0xd2, 0xd2, 1),
].reduce<(number | undefined)[]>((table, [op, operands]) => {
  table[op] = operands;
  return table;
}, []);

/** The same after `0xfc` and its second half: saturating and bulk instructions. */
const BULK: readonly (number | undefined)[] = [
  ...[0, 0, 0, 0, 0, 0, 0, 0],
  ...[2, 1, 2, 1, 2, 1, 2, 1, 1, 1],
];

function span(from: number, to: number, operands: number): [number, number][] {
  return Array.from({ length: to - from + 1 }, (_, i) => [from + i, operands]);
}

function unknownOpcode(op: number): never {
  throw new TypeError(`Cannot meter: instruction 0x${op.toString(16)}`);
}

/** Pieces that become one module. */
class ModuleWriter {
  readonly #modulePieces: Uint8Array[] = [];
  #moduleLength = 0;

  byte(byte: number): void {
    this.copy(Uint8Array.of(byte));
  }

  copy(piece: Uint8Array): void {
    this.#modulePieces.push(piece);
    this.#moduleLength += piece.length;
  }

  /** How long it is, and then it. */
  sized(piece: Uint8Array): void {
    this.copy(Uint8Array.from(unsigned(piece.length)));
    this.copy(piece);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#moduleLength);
    let at = 0;
    for (const piece of this.#modulePieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

function unsigned(value: number): number[] {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  return [...bytes, value];
}

function signed(value: bigint): number[] {
  const bytes = [];
  for (;; value >>= 7n) {
    const low = Number(value & 0x7fn);
    const rest = value >> 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) {
      return [...bytes, low];
    }
    bytes.push(low | 0x80);
  }
}
