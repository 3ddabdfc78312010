/**
 * Chats of the models' own files in tokens of the World vocabulary, as its reference
 * implementation counts them.
 */

import { assertEquals } from "@std/assert";
import type { Moment } from "../../src/chat/template/chat_template.ts";
import { openConversation } from "../../src/chat/conversation_form.ts";
import { jinjaThread } from "../../src/chat/template/jinja_thread.ts";
import type { Message } from "../../src/chat/template/world_form.ts";
import {
  readSettings,
  type SettingsFile,
} from "../../src/model/settings_files.ts";
import { encodePrompt } from "../../src/text/prompt_pieces.ts";
import { openVocabulary } from "../../src/text/world_tokenizer.ts";
import { worldExcerpt } from "../support/world.ts";

const tokenizer = await openVocabulary(
  new TextEncoder().encode(await worldExcerpt()),
  "world",
);

const fixture = (name: string) =>
  Deno.readTextFileSync(
    new URL(`../fixtures/templates/${name}`, import.meta.url),
  );

const SYSTEM: Message = { role: "system", content: "Be kind." };
const HI: Message = { role: "user", content: "Hi" };
const YO: Message = { role: "assistant", content: "Yo" };
const NAME: Message = { role: "user", content: "Name?" };
const FRESH: Moment = {
  phase: { open: false, thinking: false },
  begun: false,
  answer: true,
  effort: "none",
};

/** Opens what a repository's files say; writes chats, and texts that end answers. */
async function conversing(
  files: Partial<Record<SettingsFile, string>>,
  names: readonly string[] = ["test"],
) {
  const settings = await readSettings(
    (name) => Promise.resolve(files[name]),
    { pathOf: (name) => name, gguf: false, names },
  );
  const conversation = await openConversation(settings, {
    names,
    tokenizer,
    jinja: jinjaThread(),
  });
  const { template, bos, close } = conversation;
  return {
    async read(messages: readonly Message[], moment: Partial<Moment> = {}) {
      const opening = await template.open(messages, { ...FRESH, ...moment });
      return {
        tokens: encodePrompt(opening.prompt, tokenizer),
        first: opening.bos ?? bos.chat,
        ends: [...opening.ends, ...conversation.ends ?? []].map(({ text }) =>
          tokenizer.encode(text)
        ),
      };
    },
    [Symbol.dispose]: close,
  };
}

Deno.test("blank lines that a file calls eos_token stay, and end the answers", async () => {
  using model = await conversing({
    "tokenizer_config.json": fixture("eos_newlines.tokenizer_config.json"),
  });
  const { tokens, first, ends } = await model.read([SYSTEM, HI, YO, NAME]);
  // Without its six blank lines it would have 19 tokens.
  assertEquals(tokens, [
    ...[40812, 59, 3673, 31214, 47, 261, 24281, 59, 3880, 261, 5585, 41693],
    ...[59, 4352, 261, 24281, 59, 29456, 64, 261, 5585, 41693, 59],
  ]);
  assertEquals(tokens.length, 23);
  assertEquals([first, ends], [true, [[261]]]);
});

Deno.test("a user's blank line, which would end the turn, is none of its tokens", async () => {
  using model = await conversing({
    "tokenizer_config.json": fixture("eos_newlines.tokenizer_config.json"),
  });
  const { tokens } = await model.read([
    { role: "user", content: "Hi\n\nName?" },
  ]);
  assertEquals(tokens.filter((token) => token === 261).length, 1);
});

Deno.test("token 10060 ends the turns of flowers, in Jinja, built in and as rwkv-rs has it", async () => {
  const turns = [24281, 10060, 1097, 10060, 11, 5645, 10060];
  const unthought = [61, 35762, 5439, 35762];
  const later = [11, 24281, 10060, 23950, 64, 10060, 11, 5645, 10060];
  const stops = { stop_strings: ["✿", "\nUser:", "\n### User"] };
  const generation = JSON.stringify({ ...stops, eos_token_id: 0 });
  for (
    const [files, tag, first, more] of [
      [{ "chat_template.jinja": fixture("flower.jinja") }, [63], false, []],
      [{}, [63], true, []],
      [
        {
          "chat_template.jinja": fixture("sections.jinja"),
          "generation_config.json": generation,
          "tokenizer_config.json": JSON.stringify({ add_bos_token: true }),
        },
        [],
        true,
        [[11, 24281, 59], [11, 5201, 29956]],
      ],
    ] as const
  ) {
    const built = Object.keys(files).length === 0;
    using model = await conversing(files, [built ? "rwkv7-g1h-0.4b" : "x"]);
    const opened = await model.read([HI]);
    assertEquals(opened.tokens, [...turns, ...unthought, ...tag]);
    assertEquals(opened.first, first);
    assertEquals(opened.ends.slice(0, 1), [[10060]]);
    assertEquals(
      opened.ends.filter(([token]) => token === 11),
      more.map((ids) => [...ids]),
    );
    const { tokens } = await model.read([NAME], { begun: true });
    assertEquals(tokens, [...later, ...unthought, ...tag]);
  }
});

Deno.test("a skipped thought is read after the blank line that ended the turn", async () => {
  for (const name of ["thinking.jinja", "llama.jinja"]) {
    using model = await conversing({ "chat_template.jinja": fixture(name) });
    const asked = [24281, 59, 3880, 261, 5585, 41693, 59];
    const unthought = [295, 35762, 63, 11, 754, 35762, 63];
    const { tokens, first, ends } = await model.read([HI]);
    assertEquals([tokens, first, ends], [
      [...asked, ...unthought],
      true,
      [[261]],
    ]);
    const next = await model.read([HI], { begun: true });
    assertEquals(next.tokens, tokens);
    const cut = await model.read([HI], {
      begun: true,
      phase: { open: true, thinking: false },
    });
    assertEquals(cut.tokens, [261, ...tokens]);
  }
});
