/**
 * The part of Markdown that models write, read into blocks. Nothing here makes
 * HTML: the page draws blocks as elements, so no text can become markup.
 *
 * @module
 */

/** A block of a text. */
export type Block =
  | { readonly type: "heading"; readonly level: number; readonly text: string }
  | { readonly type: "paragraph"; readonly text: string }
  | { readonly type: "code"; readonly language: string; readonly text: string }
  | { readonly type: "quote"; readonly blocks: readonly Block[] }
  | {
    readonly type: "list";
    readonly ordered: boolean;
    readonly start: number;
    readonly items: readonly (readonly Block[])[];
  }
  | { readonly type: "table"; readonly rows: readonly (readonly string[])[] }
  | { readonly type: "rule" };

const FENCE = /^ {0,3}(```+|~~~+) *([\w+#.-]*)/;
const HEADING = /^(#{1,6}) +(\S.*)$/;
const RULE = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)]) +(.*)$/;
const QUOTED_LINE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE_LINE = /^\|?(?: *:?-+:? *\|)+(?: *:?-+:?)?$/;

/** How deep lists and quotes may nest; what is deeper stays text. */
const DEPTH = 8;

/** Reads a text into blocks. */
export function parseMarkdown(text: string): Block[] {
  return parseBlocks(text.replaceAll("\r\n", "\n").split("\n"), 0);
}

function parseBlocks(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) {
      blocks.push({ type: "paragraph", text: paragraph.join("\n") });
      paragraph = [];
    }
  };
  for (let i = 0; i < lines.length;) {
    const line = lines[i] ?? "";
    const found = blockAt(lines, i, depth, paragraph.length > 0);
    if (found !== undefined) {
      flush();
      blocks.push(found.block);
      i = found.next;
    } else {
      if (line.trim() === "") flush();
      else paragraph.push(line.trim());
      i++;
    }
  }
  flush();
  return blocks;
}

interface FoundBlock {
  readonly block: Block;
  readonly next: number;
}

function blockAt(
  lines: readonly string[],
  i: number,
  depth: number,
  insideParagraph: boolean,
): FoundBlock | undefined {
  const line = lines[i] ?? "";
  const [, fence, language = ""] = FENCE.exec(line) ?? [];
  if (fence !== undefined) return codeAt(lines, i, fence, language);
  const [, marks, heading] = HEADING.exec(line) ?? [];
  if (marks !== undefined && heading !== undefined) {
    const block = {
      type: "heading",
      level: marks.length,
      text: heading.trimEnd().replace(/ #+$/, ""),
    } as const;
    return { block, next: i + 1 };
  }
  if (RULE.test(line)) return { block: { type: "rule" }, next: i + 1 };
  if (
    line.includes("|") && !insideParagraph &&
    TABLE_RULE_LINE.test(lines[i + 1]?.trim() ?? "")
  ) return tableAt(lines, i);
  if (depth === DEPTH) return undefined;
  if (QUOTED_LINE.test(line)) return quoteAt(lines, i, depth);
  if (ITEM.test(line)) return listAt(lines, i, depth);
  return undefined;
}

function codeAt(
  lines: readonly string[],
  i: number,
  fence: string,
  language: string,
): FoundBlock {
  let end = i + 1;
  while (end < lines.length && !lines[end]?.trimStart().startsWith(fence)) {
    end++;
  }
  const text = lines.slice(i + 1, end).join("\n");
  return { block: { type: "code", language, text }, next: end + 1 };
}

function tableAt(lines: readonly string[], i: number): FoundBlock {
  const rows = [cells(lines[i] ?? "")];
  let next = i + 2;
  while (lines[next]?.includes("|")) rows.push(cells(lines[next++] ?? ""));
  return { block: { type: "table", rows }, next };
}

function cells(line: string): string[] {
  return line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|")
    .map((cell) => cell.trim());
}

function quoteAt(
  lines: readonly string[],
  i: number,
  depth: number,
): FoundBlock {
  const inner: string[] = [];
  let next = i;
  for (; next < lines.length; next++) {
    const [, text] = QUOTED_LINE.exec(lines[next] ?? "") ?? [];
    if (text === undefined) break;
    inner.push(text);
  }
  return {
    block: { type: "quote", blocks: parseBlocks(inner, depth + 1) },
    next,
  };
}

function listAt(
  lines: readonly string[],
  i: number,
  depth: number,
): FoundBlock {
  const [, , , number] = ITEM.exec(lines[i] ?? "") ?? [];
  const ordered = number !== undefined;
  const items: string[][] = [];
  let next = i;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const [, , , digits, text] = ITEM.exec(line) ?? [];
    const item = items.at(-1);
    if (text !== undefined && (digits !== undefined) === ordered) {
      items.push([text]);
    } else if (item !== undefined && /^ {2,}\S/.test(line)) {
      item.push(line.replace(/^ {2,4}/, ""));
    } else if (line.trim() !== "" || !follows(lines[next + 1], ordered)) {
      break;
    }
  }
  const block: Block = {
    type: "list",
    ordered,
    start: Number(number ?? 1),
    items: items.map((inner) => parseBlocks(inner, depth + 1)),
  };
  return { block, next };
}

/** Whether a list goes on after an empty line. */
function follows(line: string | undefined, ordered: boolean): boolean {
  if (line === undefined) return false;
  const [, , , digits, text] = ITEM.exec(line) ?? [];
  return text !== undefined && (digits !== undefined) === ordered;
}
