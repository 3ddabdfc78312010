import { assertEquals } from "@std/assert";
import {
  type CallFrame,
  CallReader,
  FENCED,
  SECTION_CALL,
  type Tool,
} from "../../src/chat/tools/tool_calls.ts";

const TOOLS: readonly Tool[] = [{ name: "now", parameters: {} }];
const TAGS: CallFrame = {
  before: "<tool_call>\n",
  after: "\n</tool_call>",
};
const BARE: CallFrame = { before: "", after: "" };
const CALL = '{"name": "now", "arguments": {"a": "```"}}';

/** What an answer in these pieces is, and what of it came before its end. */
function read(
  pieces: readonly string[],
  { frame = FENCED, tools = TOOLS, certain = false }: {
    frame?: CallFrame;
    tools?: readonly Tool[];
    certain?: boolean;
  } = {},
) {
  const reader = new CallReader(tools, certain, frame);
  const early = pieces.map((piece) => reader.push(piece).text).join("");
  const { text, calls } = reader.finish();
  return { text: early + text, calls: calls.length, early };
}

Deno.test("CallReader tells calls from the text around them, however the answer is cut", () => {
  const fence = "```json\n" + CALL + "\n```";
  const tag = TAGS.before + CALL + TAGS.after;
  for (
    const [answer, frame, text, calls] of [
      [fence, FENCED, "", 1],
      [`${fence}\n`, FENCED, "", 1],
      [`Wait.\n${fence}`, FENCED, "Wait.", 1],
      [`Wait.\n\n${fence}\n${fence}`, FENCED, "Wait.", 2],
      [`Wait.\n${fence}\nThen go.`, FENCED, "Wait.\nThen go.", 1],
      ["```json\n[" + CALL + ", " + CALL + "]\n```", FENCED, "", 2],
      ["```json\n" + CALL, FENCED, "", 1],
      [`So: ${tag}${tag}`, TAGS, "So:", 2],
      [`So: ${fence}`, TAGS, "So:", 1],
      [`So:\n**Tool Call:**\n${fence}`, SECTION_CALL, "So:", 1],
      [CALL, BARE, "", 1],
      [` [${CALL}]`, BARE, "", 1],
      // Text, to the last letter.
      ["Hello!\n\n", FENCED, "Hello!\n\n", 0],
      ["a `` b ``", FENCED, "a `` b ``", 0],
      ["```json\n{}\n```\nis empty.", FENCED, "```json\n{}\n```\nis empty.", 0],
      ["```json\n{broken", FENCED, "```json\n{broken", 0],
      ["**Tool Call**", SECTION_CALL, "**Tool Call**", 0],
      [`Say ${CALL}`, BARE, `Say ${CALL}`, 0],
      ["{not JSON} at all", BARE, "{not JSON} at all", 0],
    ] as const
  ) {
    for (let at = 0; at <= answer.length; at++) {
      const pieces = [answer.slice(0, at), answer.slice(at)];
      const found = read(pieces, { frame });
      assertEquals([answer, at, found.text, found.calls], [
        answer,
        at,
        text,
        calls,
      ]);
    }
    const letters = read([...answer], { frame });
    assertEquals([letters.text, letters.calls], [text, calls]);
  }
});

Deno.test("CallReader gives text out as it comes, and code that is no call at its end", () => {
  assertEquals(read(["Hello, ", "you"]).early, "Hello, you");
  const code = "Look: ```json\n{}\n```";
  const early = read(["Look: ```json\n{", "}\n```", " So "]).early;
  assertEquals(early, `${code} So`);
  assertEquals(read([CALL], { tools: [] }).early, CALL);
  // What has to be a call has no frame of its own.
  assertEquals(read([CALL], { certain: true }), {
    text: "",
    calls: 1,
    early: "",
  });
  // Nor is its beginning a text, where it is cut before its name is known.
  assertEquals(read(["{"], { certain: true }).text, "");
  assertEquals(read(["No"], { certain: true }).text, "No");
});
