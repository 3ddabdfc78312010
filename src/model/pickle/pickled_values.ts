/**
 * What a pickle of tensors holds.
 *
 * @module
 */

/** A value that a pickle may hold here. Tuples and lists are arrays, dicts are maps. */
export type Pickled =
  | string
  | number
  | boolean
  | null
  | readonly Pickled[]
  | Map<Pickled, Pickled>
  | PickledName
  | PickledStorage
  | PickledTensor;

/** Something of a module. */
export interface PickledName {
  /** Tells it from the others. */
  readonly kind: "name";
  /** `module name`. */
  readonly name: string;
}

/** Values in an entry of the archive. */
export interface PickledStorage {
  /** Tells it from the others. */
  readonly kind: "storage";
  /** Class of the storage: `BFloat16Storage`. */
  readonly type: string;
  /** Name of the entry, below `data/`. */
  readonly key: string;
  /** Values in it. */
  readonly length: number;
}

/** A view of a storage. */
export interface PickledTensor {
  /** Tells it from the others. */
  readonly kind: "tensor";
  /** What it looks at. */
  readonly storage: PickledStorage;
  /** Its first value, in values. */
  readonly offset: number;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Values between neighbours of each dimension. */
  readonly stride: readonly number[];
}

/** Whether a value is a tensor. */
export function isTensor(value: Pickled | undefined): value is PickledTensor {
  return pickledKind(value) === "tensor";
}

function pickledKind(value: Pickled | undefined): string | undefined {
  return typeof value === "object" && value !== null && "kind" in value
    ? value.kind
    : undefined;
}

/** Whether a value is a storage. */
export function isStorage(value: Pickled): value is PickledStorage {
  return pickledKind(value) === "storage";
}

/** Whether a value is a name. */
export function isName(value: Pickled): value is PickledName {
  return pickledKind(value) === "name";
}

/** Whether a value is a size or an offset. */
export function isCount(value: Pickled): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Whether a value is a tuple of sizes or offsets. */
export function isCounts(value: Pickled): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
