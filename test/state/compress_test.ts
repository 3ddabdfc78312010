import { assertEquals } from "@std/assert";
import { compress, decompress } from "../../src/state/compress.ts";
import { zstdFrameLength } from "../../src/state/zstd_frame.ts";
import { random } from "../support/random.ts";

Deno.test("compress() writes one frame, wherever it ends in a buffer", () => {
  const next = random(1);
  // Around 32 KiB, where the library's buffer is full.
  for (let length = 32_700; length < 32_790; length++) {
    const bytes = Uint8Array.from({ length }, () => 256 * next());
    const compressed = compress(bytes);
    assertEquals(zstdFrameLength(compressed), compressed.length, `${length}`);
    assertEquals(decompress(compressed, length), bytes);
  }
});
