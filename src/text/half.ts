/**
 * Half-precision numbers: f16 as bits beside f32 as values. Through `Float16Array`
 * where the engine has one; Node.js before 24 has none.
 *
 * Source: IEEE 754-2019, binary16.
 *
 * @module
 */

/** Writes `values` as the nearest halves, ties to even, from `halves[at]` on. */
export function storeHalves(
  values: Float32Array,
  halves: Uint16Array,
  at = 0,
): void {
  if (typeof Float16Array !== "undefined") {
    return view(halves, at, values.length).set(values);
  }
  storePlainly(values, halves, at);
}

/** Writes `halves` as values, exactly, from `values[at]` on. */
export function loadHalves(
  halves: Uint16Array,
  values: Float32Array,
  at = 0,
): void {
  if (typeof Float16Array !== "undefined") {
    return values.set(view(halves, 0, halves.length), at);
  }
  loadPlainly(halves, values, at);
}

/** The half at a byte of `view`, little-endian. */
export function halfAt(view: DataView, at: number): number {
  return fromHalf(view.getUint16(at, true));
}

function view(halves: Uint16Array, at: number, length: number): Float16Array {
  return new Float16Array(halves.buffer, halves.byteOffset + 2 * at, length);
}

/** {@linkcode storeHalves} on any engine. */
export function storePlainly(
  values: Float32Array,
  halves: Uint16Array,
  at: number,
): void {
  const words = new Uint32Array(
    values.buffer,
    values.byteOffset,
    values.length,
  );
  for (let i = 0; i < words.length; i++) halves[at + i] = toHalf(words[i]);
}

/** {@linkcode loadHalves} on any engine. */
export function loadPlainly(
  halves: Uint16Array,
  values: Float32Array,
  at: number,
): void {
  for (let i = 0; i < halves.length; i++) values[at + i] = fromHalf(halves[i]);
}

/** The bits of an f32 as those of the nearest half. */
function toHalf(word: number): number {
  const sign = word >>> 16 & 0x8000, rest = word & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00; // NaN
  if (rest >= 0x477ff000) return sign | 0x7c00; // rounds beyond 65,504
  if (rest >= 0x38800000) {
    // From 2^-14 on: a smaller exponent, and ten bits of 23.
    const half = rest - 0x38000000;
    return sign | roundShift(half, 13);
  }
  if (rest < 0x33000000) return sign; // below half of 2^-24
  const exponent = rest >>> 23;
  return sign | roundShift(rest & 0x7fffff | 0x800000, 126 - exponent);
}

/** Drops `bits`, ties to even. */
function roundShift(value: number, bits: number): number {
  const kept = value >>> bits, rest = value & (1 << bits) - 1;
  const tie = 1 << bits - 1;
  return rest > tie || (rest === tie && (kept & 1) === 1) ? kept + 1 : kept;
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = half >>> 10 & 31, fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
