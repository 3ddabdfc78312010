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
  readonly #pickle: PickleInput;
  readonly #valueStack: Pickled[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(input: PickleInput) {
    this.#pickle = input;
  }

  run(): Pickled {
    for (;;) {
      const opcode = this.#pickle.byte();
      if (opcode === 0x2e) return this.#popValue(); // STOP
      this.#runOpcode(opcode);
    }
  }

  #runOpcode(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#pickle.byte() > 5) {
          throw this.#pickle.refuse("its protocol is above 5");
        }
        return;
      case 0x95: // FRAME: how much a reader may fetch at once
        this.#pickle.skip(8);
        return;
      case 0x7d: // EMPTY_DICT
        return this.#pushValue(new Map());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#pushValue([]);
      case 0x28: // MARK
        this.#marks.push(this.#valueStack.length);
        return;
      case 0x74: // TUPLE
        return this.#pushValue(this.#toMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#pushValue(this.#takeTop(opcode - 0x84));
      case 0x4e: // NONE
        return this.#pushValue(null);
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        return this.#pushValue(opcode === 0x88);
      case 0x4b: // BININT1
        return this.#pushValue(this.#pickle.byte());
      case 0x4d: // BININT2
        return this.#pushValue(this.#pickle.number(2));
      case 0x4a: // BININT
        return this.#pushValue(this.#pickle.number(4) | 0);
      case 0x8a: // LONG1
        return this.#pushValue(this.#pickle.long());
      case 0x58: // BINUNICODE
        return this.#pushValue(this.#pickle.text(this.#pickle.number(4)));
      case 0x8c: // SHORT_BINUNICODE
        return this.#pushValue(this.#pickle.text(this.#pickle.byte()));
      case 0x8d: // BINUNICODE8
        return this.#pushValue(this.#pickle.text(this.#pickle.size()));
      case 0x47: // BINFLOAT
        return this.#pushValue(this.#pickle.float());
      case 0x63: // GLOBAL
        return this.#pushValue(
          this.#globalName(this.#pickle.line(), this.#pickle.line()),
        );
      case 0x93: { // STACK_GLOBAL
        const [module, member] = this.#takeTop(2);
        if (typeof module === "string" && typeof member === "string") {
          return this.#pushValue(this.#globalName(module, member));
        }
        throw this.#pickle.refuse("a name is no text");
      }
      case 0x94: // MEMOIZE
        return this.#keepInMemo(this.#memo.size);
      case 0x71: // BINPUT
        return this.#keepInMemo(this.#pickle.byte());
      case 0x72: // LONG_BINPUT
        return this.#keepInMemo(this.#pickle.number(4));
      case 0x68: // BINGET
        return this.#recallMemo(this.#pickle.byte());
      case 0x6a: // LONG_BINGET
        return this.#recallMemo(this.#pickle.number(4));
      case 0x51: // BINPERSID
        return this.#pushValue(this.#storage(this.#popValue()));
      case 0x52: { // REDUCE
        const [name, inputs] = this.#takeTop(2);
        return this.#pushValue(this.#buildObject(name, inputs));
      }
      case 0x61: // APPEND
        return this.#append(this.#takeTop(1));
      case 0x65: // APPENDS
        return this.#append(this.#toMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#takeTop(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#toMark());
      case 0x62: // BUILD: what it adds is notes for humans
        this.#popValue();
        return;
    }
    throw this.#pickle.refuse(
      `instruction 0x${opcode.toString(16)} has no use here`,
    );
  }

  #pushValue(value: Pickled): void {
    this.#valueStack.push(value);
  }

  #popValue(): Pickled {
    const [value] = this.#takeTop(1);
    return value;
  }

  /** Takes values off the stack, but never those before the last mark. */
  #takeTop(count: number): Pickled[] {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#valueStack.length - floor < count) {
      throw this.#pickle.refuse("its stack is empty");
    }
    return this.#valueStack.splice(this.#valueStack.length - count);
  }

  #toMark(): Pickled[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#pickle.refuse("a mark is missing");
    return this.#valueStack.splice(mark);
  }

  #keepInMemo(index: number): void {
    const value = this.#valueStack.at(-1);
    if (value === undefined) throw this.#pickle.refuse("its stack is empty");
    this.#memo.set(index, value);
  }

  #recallMemo(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#pickle.refuse("a memo is missing");
    this.#pushValue(value);
  }

  #setItems(items: readonly Pickled[]): void {
    const dict = this.#valueStack.at(-1);
    if (!(dict instanceof Map) || items.length % 2 !== 0) {
      throw this.#pickle.refuse("a dict is missing");
    }
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#valueStack.at(-1);
    if (!Array.isArray(list)) throw this.#pickle.refuse("a list is missing");
    for (const item of items) list.push(item);
  }

  #globalName(module: string, member: string): PickledName {
    const name = `${module} ${member}`;
    if (
      ALLOWED.test(name) ||
      [DICT, REBUILD_TENSOR, REBUILD_PARAMETER].includes(name)
    ) {
      return { kind: "name", name };
    }
    throw this.#pickle.refuse(
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
    throw this.#pickle.refuse("a storage is not described as PyTorch does");
  }

  #buildObject(name: Pickled, inputs: Pickled): Pickled {
    if (isName(name) && Array.isArray(inputs)) {
      const values = inputs as Pickled[];
      if (name.name === DICT && values.length === 0) return new Map();
      if (name.name === REBUILD_PARAMETER && isTensor(values[0])) {
        return values[0];
      }
      if (name.name === REBUILD_TENSOR) return this.#tensor(values);
    }
    throw this.#pickle.refuse("a call is not one that PyTorch writes");
  }

  #tensor([storage, offset, shape, stride]: readonly Pickled[]): PickledTensor {
    if (
      isStorage(storage) && isCount(offset) && isCounts(shape) &&
      isCounts(stride) && shape.length === stride.length
    ) {
      return { kind: "tensor", storage, offset, shape, stride };
    }
    throw this.#pickle.refuse("a tensor is not described as PyTorch does");
  }
}
