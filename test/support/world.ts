/** Ids of the World vocabulary of 2023-04-24: 1 to 65,529. */
const LAST = 65_529;

/**
 * A vocabulary file as long as the World vocabulary, with the true tokens of
 * `test/fixtures/world_excerpt.txt` at their true ids. The other ids stand for
 * bytes that no text has. Enough for the texts that the excerpt was made for.
 */
export async function worldExcerpt(): Promise<string> {
  const path = new URL("../fixtures/world_excerpt.txt", import.meta.url);
  const lines = new Map(
    (await Deno.readTextFile(path)).trimEnd().split("\n")
      .map((line) => [Number.parseInt(line), line]),
  );
  let file = "";
  for (let id = 1; id <= LAST; id++) {
    file += `${lines.get(id) ?? filler(id)}\n`;
  }
  return file;
}

function filler(id: number): string {
  const hex = id.toString(16).padStart(6, "0");
  const [, a, b, c] = /(..)(..)(..)/.exec(hex) ?? [];
  return String.raw`${id} b'\xff\xfe\x${a}\x${b}\x${c}' 5`;
}

/** Texts and their tokens in the World vocabulary. */
export const WORLD_VECTORS: readonly [text: string, tokens: number[]][] = [
  ["User: Hello\n\nAssistant:", [24281, 59, 36786, 261, 5585, 41693, 59]],
  [
    "User: Hello\n\nAssistant: <think",
    [24281, 59, 36786, 261, 5585, 41693, 59, 295, 35762],
  ],
  [" <think>\n</think>", [295, 35762, 63, 11, 754, 35762, 63]],
  ["Hello, world!", [33155, 45, 40213, 34]],
  ["你好，世界", [10464, 11685, 19137, 10267, 14610]],
  ["é😀", [2503, 3319, 153, 129]],
  ["\n\n\n", [3328]],
  ["1234567890", [632, 654, 676, 698, 710]],
  ["\u0080", [2423]],
  [" ".repeat(128), [65529]],
  ["", []],
];
