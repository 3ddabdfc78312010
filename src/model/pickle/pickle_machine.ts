/**
 * A machine for the few pickle instructions that `torch.save` writes for a table
 * of tensors. It never calls anything: a name outside a short list ends it.
 *
 * Opcodes: CPython's `Lib/pickletools.py`, protocols 2 to 5.
 *
 * @module
 */

import { PickleInput } from "./pickle_input.ts";
import {
  isCount,
  isCounts,
  isName,
  isStorage,
  isTensor,
  type Pickled,
  type PickledName,
  type PickledStorage,
  type PickledTensor,
} from "./pickled_values.ts";

const ALLOWED = /^torch (BFloat16|Half|Float|Double|Long|Int|Byte)Storage$/;
const DICT = "collections OrderedDict";
const REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2";
const REBUILD_PARAMETER = "torch._utils _rebuild_parameter";

/**
 * Reads a pickle.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_MODEL_CORRUPT` naming the byte where it is not what
 * `torch.save` writes, or the name that a model has no use for.
 */
export function readPickle(bytes: Uint8Array, file: string): Pickled {
  return new Machine(new PickleInput(bytes, file)).run();
}

class Machine {
  readonly #input: PickleInput;
  readonly #stack: Pickled[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(input: PickleInput) {
    this.#input = input;
  }

  run(): Pickled {
    for (;;) {
      const opcode = this.#input.byte();
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#input.byte() > 5) {
          throw this.#input.refuse("its protocol is above 5");
        }
        return;
      case 0x95: // FRAME: how much a reader may fetch at once
        this.#input.skip(8);
        return;
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return;
      case 0x74: // TUPLE
        return this.#push(this.#toMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#take(opcode - 0x84));
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        return this.#push(opcode === 0x88);
      case 0x4b: // BININT1
        return this.#push(this.#input.byte());
      case 0x4d: // BININT2
        return this.#push(this.#input.number(2));
      case 0x4a: // BININT
        return this.#push(this.#input.number(4) | 0);
      case 0x8a: // LONG1
        return this.#push(this.#input.long());
      case 0x58: // BINUNICODE
        return this.#push(this.#input.text(this.#input.number(4)));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#input.text(this.#input.byte()));
      case 0x8d: // BINUNICODE8
        return this.#push(this.#input.text(this.#input.size()));
      case 0x47: // BINFLOAT
        return this.#push(this.#input.float());
      case 0x63: // GLOBAL
        return this.#push(
          this.#name(this.#input.line(), this.#input.line()),
        );
      case 0x93: { // STACK_GLOBAL
        const [module, member] = this.#take(2);
        if (typeof module === "string" && typeof member === "string") {
          return this.#push(this.#name(module, member));
        }
        throw this.#input.refuse("a name is no text");
      }
      case 0x94: // MEMOIZE
        return this.#keep(this.#memo.size);
      case 0x71: // BINPUT
        return this.#keep(this.#input.byte());
      case 0x72: // LONG_BINPUT
        return this.#keep(this.#input.number(4));
      case 0x68: // BINGET
        return this.#recall(this.#input.byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#input.number(4));
      case 0x51: // BINPERSID
        return this.#push(this.#storage(this.#pop()));
      case 0x52: { // REDUCE
        const [name, inputs] = this.#take(2);
        return this.#push(this.#build(name, inputs));
      }
      case 0x61: // APPEND
        return this.#append(this.#take(1));
      case 0x65: // APPENDS
        return this.#append(this.#toMark());
      case 0x73: // SETITEM
        return this.#set(this.#take(2));
      case 0x75: // SETITEMS
        return this.#set(this.#toMark());
      case 0x62: // BUILD: what it adds is notes for humans
        this.#pop();
        return;
    }
    throw this.#input.refuse(
      `instruction 0x${opcode.toString(16)} has no use here`,
    );
  }

  #push(value: Pickled): void {
    this.#stack.push(value);
  }

  #pop(): Pickled {
    const [value] = this.#take(1);
    return value;
  }

  /** Takes values off the stack, but never those before the last mark. */
  #take(count: number): Pickled[] {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length - floor < count) {
      throw this.#input.refuse("its stack is empty");
    }
    return this.#stack.splice(this.#stack.length - count);
  }

  #toMark(): Pickled[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#input.refuse("a mark is missing");
    return this.#stack.splice(mark);
  }

  #keep(index: number): void {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#input.refuse("its stack is empty");
    this.#memo.set(index, value);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#input.refuse("a memo is missing");
    this.#push(value);
  }

  #set(items: readonly Pickled[]): void {
    const dict = this.#stack.at(-1);
    if (!(dict instanceof Map) || items.length % 2 !== 0) {
      throw this.#input.refuse("a dict is missing");
    }
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw this.#input.refuse("a list is missing");
    for (const item of items) list.push(item);
  }

  #name(module: string, member: string): PickledName {
    const name = `${module} ${member}`;
    if (
      ALLOWED.test(name) ||
      [DICT, REBUILD_TENSOR, REBUILD_PARAMETER].includes(name)
    ) {
      return { kind: "name", name };
    }
    throw this.#input.refuse(
      `it wants ${name.slice(0, 80).replaceAll(/[^ -~]/g, "?")}, ` +
        "which no model needs; do not open this file with other programs",
    );
  }

  #storage(id: Pickled): PickledStorage {
    if (Array.isArray(id)) {
      const [label, type, key, , length] = id as Pickled[];
      if (
        label === "storage" && isName(type) && ALLOWED.test(type.name) &&
        typeof key === "string" && isCount(length)
      ) {
        const [, storage] = type.name.split(" ");
        return { kind: "storage", type: storage, key, length };
      }
    }
    throw this.#input.refuse("a storage is not described as PyTorch does");
  }

  #build(name: Pickled, inputs: Pickled): Pickled {
    if (isName(name) && Array.isArray(inputs)) {
      const values = inputs as Pickled[];
      if (name.name === DICT && values.length === 0) return new Map();
      if (name.name === REBUILD_PARAMETER && isTensor(values[0])) {
        return values[0];
      }
      if (name.name === REBUILD_TENSOR) return this.#tensor(values);
    }
    throw this.#input.refuse("a call is not one that PyTorch writes");
  }

  #tensor([storage, offset, shape, stride]: readonly Pickled[]): PickledTensor {
    if (
      isStorage(storage) && isCount(offset) && isCounts(shape) &&
      isCounts(stride) && shape.length === stride.length
    ) {
      return { kind: "tensor", storage, offset, shape, stride };
    }
    throw this.#input.refuse("a tensor is not described as PyTorch does");
  }
}
