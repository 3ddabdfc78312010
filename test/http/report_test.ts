/**
 * Every dialect says how often an answer went back in its schema.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { harness } from "./client.ts";

const messages = [{ role: "user", content: "a" }];

/** Requests by path; those whose streams are other paths, or unwanted, say so. */
const ASKS: readonly (readonly [path: string, body: object])[] = [
  ["/v1/generate", { prompt: "a" }],
  ["/v1/generate", { prompt: "a", stream: true }],
  ["/v1/chat/completions", { messages }],
  ["/v1/chat/completions", { messages, stream: true }],
  ["/v1/completions", { prompt: "a" }],
  ["/v1/completions", { prompt: "a", stream: true }],
  ["/v1/responses", { input: "a" }],
  ["/v1/responses", { input: "a", stream: true }],
  ["/v1/messages", { messages, max_tokens: 9 }],
  ["/v1/messages", { messages, max_tokens: 9, stream: true }],
  ["/api/chat", { messages, stream: false }],
  ["/api/chat", { messages }],
  ["/api/generate", { prompt: "a", stream: false }],
  ["/api/generate", { prompt: "a" }],
  ["/completion", { prompt: "a" }],
  ["/completion", { prompt: "a", stream: true }],
  ["/api/v1/generate", { prompt: "a" }],
  ["/api/extra/generate/stream", { prompt: "a" }],
];

Deno.test("every dialect says how often an answer went back", async () => {
  for (const went of [undefined, 3]) {
    for (const [path, body] of ASKS) {
      const here = harness();
      const { generate } = here.engine;
      Object.assign(here.engine, {
        async *generate(...asked: Parameters<typeof generate>) {
          for await (const event of generate(...asked)) {
            const ends = event.type === "done" && went !== undefined;
            yield ends ? { ...event, retries: went } : event;
          }
        },
      });
      const text = await (await here.post(path, body)).text();
      const [, said] = /"retries":(\d+)/.exec(text) ?? [];
      assertEquals([path, body, said], [path, body, went?.toString()]);
    }
  }
});
