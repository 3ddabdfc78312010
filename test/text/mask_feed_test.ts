import { assertEquals } from "@std/assert";
import { MaskFeed } from "../../src/text/mask_feed.ts";

Deno.test("MaskFeed carries tokens one way and masks the other, one at a time", () => {
  const drawing = MaskFeed.begin(3);
  const knowing = new MaskFeed(drawing.memory);
  assertEquals(knowing.hear(0, 0), undefined);
  for (let count = 0; count < 5; count++) {
    drawing.tell(70 + count);
    assertEquals(drawing.take(0), undefined, "nobody has answered yet");
    assertEquals(knowing.hear(count, 0), 70 + count);
    assertEquals(knowing.hear(count + 1, 0), undefined);
    const mask = Uint32Array.of(count, 0, 0xffffffff);
    knowing.give(mask);
    assertEquals([...drawing.take(0) ?? []], [...mask]);
    assertEquals([...drawing.take(0) ?? []], [...mask]);
  }
  drawing.tell(9);
  drawing.end();
  drawing.end();
  assertEquals(knowing.hear(5, 0), 9, "what was told before the end is heard");
  knowing.give(undefined);
  assertEquals(drawing.take(0), undefined);
  assertEquals(knowing.hear(6, 1000), undefined, "nobody waits after the end");
});
