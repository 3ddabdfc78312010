import { assert, assertEquals, assertRejects } from "@std/assert";
import { abortIfStalled } from "../../src/http/answer/stall.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A body without end, and whether it was cancelled. */
function endless() {
  const over = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(bytes("x")),
    cancel: (reason) => over.resolve(reason),
  }, { highWaterMark: 0 });
  return { body, over: over.promise };
}

Deno.test("abortIfStalled passes a body on as it is", async () => {
  const body = ReadableStream.from([bytes("a"), bytes("bc"), bytes("")]);
  assertEquals(await new Response(abortIfStalled(body)).text(), "abc");
});

Deno.test("abortIfStalled passes an error on", async () => {
  async function* broken(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    yield bytes("a");
    await Promise.resolve();
    throw new RangeError("Bad");
  }
  const body = abortIfStalled(ReadableStream.from(broken()));
  await assertRejects(() => new Response(body).text(), { name: "RangeError" });
});

Deno.test("abortIfStalled gives up a body that nobody takes any more", async () => {
  const { body, over } = endless();
  const reader = abortIfStalled(body, 20).getReader();
  for (let i = 0; i < 3; i++) await reader.read();
  const reason = await over;
  assert(reason instanceof Error);
  assertEquals(reason.message, "Cannot answer: nobody read for 20 ms");
  await assertRejects(() => reader.read(), { message: reason.message });
});

Deno.test("abortIfStalled lets its reader leave", async () => {
  const { body, over } = endless();
  const reader = abortIfStalled(body).getReader();
  await reader.read();
  await reader.cancel("enough");
  assertEquals(await over, "enough");
});
