/**
 * Markdown tables of results, and the places in a page where they belong.
 *
 * @module
 */

/** Writes a table; columns after the first are numbers and align right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column].length))
  );
  const write = (cells: readonly string[]) =>
    `| ${
      cells.map((c, i) => i ? c.padStart(widths[i]) : c.padEnd(widths[i])).join(
        " | ",
      )
    } |`;
  const rule = widths.map((w, i) =>
    i ? `${"-".repeat(w - 1)}:` : "-".repeat(w)
  );
  return [write(head), write(rule), ...rows.map(write)].join("\n");
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a page.
 *
 * @throws {RangeError} If the page has no such place.
 */
export function fill(page: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close, from);
  if (from < 0 || to < 0) {
    throw new RangeError(`Cannot fill ${open}: the page has no such place`);
  }
  const head = page.slice(0, from + open.length);
  return `${head}\n\n${content}\n\n${page.slice(to)}`;
}
