/**
 * INT4 weights as bytes. A vector has 4 rows of columns 0 to 3 in its low nibbles
 * and the same rows of columns 4 to 7 in its high ones.
 *
 * Layout: panel.ts. Oracle: test/device/wasm/product_test.ts.
 */

/** The lower nibble of each byte. */
export const NIBBLES: u32 = 0x0f0f0f0f;

/** Columns 0 to 3. */
@inline
export function early(p: v128, mask: v128): v128 {
  return v128.and(p, mask);
}

/** Columns 4 to 7. */
@inline
export function late(p: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_u(p, 4), mask);
}

/** A block's nibbles as bytes, 4 columns of 16 rows after the other. */
export function unpack(w: usize, to: usize, mask: v128): void {
  for (let end = w + 512; w < end; w += 64) {
    for (let i: usize = 0; i < 64; i += 16) {
      const p = v128.load(w + i);
      v128.store(to + i, early(p, mask));
      v128.store(to + i + 64, late(p, mask));
    }
    to += 128;
  }
}
