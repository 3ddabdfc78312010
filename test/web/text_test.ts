import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Forest } from "../../src/web/store/turn_forest.ts";
import { readSaveFile, writeSaveFile } from "../../src/web/store/save_file.ts";
import { newId, type StoredTurn } from "../../src/web/store/stored_turn.ts";
import { parseInline } from "../../src/web/text/inline.ts";
import { parseMarkdown } from "../../src/web/text/markdown.ts";
import {
  duration,
  formatSize,
  number,
} from "../../src/web/text/readable_units.ts";

function turnOf(id: string, parent: string | null): StoredTurn {
  return {
    id,
    parent,
    kind: "say",
    at: 0,
    user: `user ${id}`,
    answer: `answer ${id}`,
    finish: "stop",
    model: "m",
    fingerprint: "f",
    position: 1,
    bytes: 2,
    codec: "int8",
    read: 1,
    wrote: 1,
    ms: { read: 1, write: 1, seal: 1 },
  };
}

Deno.test("parseMarkdown reads the blocks that models write", () => {
  assertEquals(parseMarkdown("# A #\ntext\nmore\n\n---"), [
    { type: "heading", level: 1, text: "A" },
    { type: "paragraph", text: "text\nmore" },
    { type: "rule" },
  ]);
  assertEquals(parseMarkdown("3. a\n   - b\n4. c"), [{
    type: "list",
    ordered: true,
    start: 3,
    items: [
      [
        { type: "paragraph", text: "a" },
        {
          type: "list",
          ordered: false,
          start: 1,
          items: [[{ type: "paragraph", text: "b" }]],
        },
      ],
      [{ type: "paragraph", text: "c" }],
    ],
  }]);
  assertEquals(parseMarkdown("```ts\na\n\nb"), [
    { type: "code", language: "ts", text: "a\n\nb" },
  ]);
  assertEquals(parseMarkdown("> a\n> b"), [{
    type: "quote",
    blocks: [{ type: "paragraph", text: "a\nb" }],
  }]);
});

Deno.test("parseInline makes links of safe addresses only", () => {
  const hrefs = (text: string) =>
    parseInline(text).flatMap((x) => x.type === "link" ? [x.href] : []);
  assertEquals(hrefs("[a](https://a.b/) and http://c.d."), [
    "https://a.b/",
    "http://c.d",
  ]);
  assertEquals(hrefs("[a](javascript:x) [b](data:text/html,x) [c](/d)"), []);
});

Deno.test("parseMarkdown loses no letter of any text", () => {
  const unit = fc.constantFrom(..."ΩΨ \n-#>|*1.");
  const letters = (text: string) => text.match(/[ΩΨ]/g)?.join("") ?? "";
  fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
    assertEquals(letters(JSON.stringify(parseMarkdown(text))), letters(text));
  }));
});

Deno.test("parseMarkdown and parseInline take no long text for long", () => {
  const begun = performance.now();
  for (
    const piece of ["*", "_a", "[", "`", "| ", "# ", "> ", "- ", " ", "~~"]
  ) {
    const text = piece.repeat(20_000);
    parseMarkdown(`# ${text}x`);
    parseMarkdown(`a|\n${text}x`);
    parseInline(text);
  }
  const ms = performance.now() - begun;
  assert(ms < 5000, `it took ${ms} ms`);
});

Deno.test("Forest draws every turn once, under its parent", () => {
  const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(parents, (picks) => {
    const turns = new Map<string, StoredTurn>();
    picks.forEach((pick, i) => {
      const id = String(i).padStart(3, "0");
      const parent = i === 0 ? null : String(pick % i).padStart(3, "0");
      turns.set(id, turnOf(id, parent));
    });
    const [root, ...others] = new Forest(turns).roots;
    assertEquals(others, []);
    assert(root !== undefined);
    const rows = new Forest(turns).rows(root);
    assertEquals(new Set(rows.map(({ turn }) => turn.id)).size, turns.size);
    const lanes = new Map(rows.map(({ turn, lane }) => [turn.id, lane]));
    for (const { turn, lane, begins } of rows.slice(1)) {
      const above = lanes.get(turn.parent ?? "") ?? -1;
      assertEquals(lane, begins ? above + 1 : above);
    }
  }));
});

Deno.test("a save file keeps its words and its token", async () => {
  const path = [turnOf("a", null), {
    ...turnOf("b", "a"),
    kind: "more" as const,
  }];
  const blob = writeSaveFile("Ours", path, "eyJ.a-_b");
  const read = await readSaveFile(new File([blob], "x.gosling"));
  assertEquals(read.name, "Ours");
  assertEquals(read.state, "eyJ.a-_b");
  assertEquals(read.past, [{ user: "user a", answer: "answer aanswer b" }]);
  assertEquals([read.turn.position, read.partial], [1, undefined]);
});

Deno.test("a save file says so where the page does not have all its words", async () => {
  const past = [{ user: "Hi", answer: "Yo" }];
  const imported = { ...turnOf("a", null), kind: "import" as const, past };
  for (
    const [root, partial] of [
      [imported, undefined],
      [{ ...imported, edited: "Learned 1 of 1", partial: false }, undefined],
      [{ ...imported, partial: true }, true],
      [{ ...imported, past: [] }, true],
      [{ ...imported, edited: "Learned 1 of 1" }, true],
      [{ ...turnOf("a", null), initial: "polite" }, true],
      [{ ...turnOf("a", null), system: "Be kind." }, true],
    ] as const
  ) {
    const blob = writeSaveFile("x", [root, turnOf("b", "a")], "eyJ.a-_b");
    const read = await readSaveFile(new File([blob], "x.gosling"));
    assertEquals([root, read.partial], [root, partial]);
  }
});

Deno.test("units have three figures", () => {
  assertEquals(
    [0, 999, 1000, 72_231, 1_234_567].map(formatSize),
    ["0", "999 B", "1 kB", "72.2 kB", "1.23 MB"],
  );
  assertEquals(
    [0, 0.05, 9.876, 99.96, 1500, 600_000].map(duration),
    ["0", "50 µs", "9.88 ms", "100 ms", "1.5 s", "10 min"],
  );
  assertEquals([9999, 12_345].map(number), ["9,999", "12.3k"]);
});

Deno.test("newId() sorts after what was made before, where the clock goes back too", () => {
  const ids: string[] = [];
  const noon = 1_700_000_000_000;
  for (const step of [0, 0, 5000, -86_400_000, -86_400_000, 1, 86_400_000]) {
    ids.push(newId(ids, noon + step));
  }
  assertEquals(ids.toSorted(), ids);
  // What a damaged file may say moves no id out of its nine digits.
  const id = newId(["zzzzzzzzzzzz-1", "not one", ""], noon);
  assertEquals(id.indexOf("-"), 9);
  assertEquals(Number.parseInt(id, 36), noon);
});
