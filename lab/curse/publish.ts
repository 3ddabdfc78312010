/**
 * From results to what people read: charts beside the results, tables in the page.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { fill } from "../../bench/table.ts";
import { charts } from "./charts.ts";
import { tables } from "./page.ts";
import { type Parts, RESULTS } from "./results.ts";

/** The page that shows the results. */
export const PAGE = new URL("../../docs/curse.md", import.meta.url);

/** Writes the charts and the page's tables, formatted as the repository is. */
export async function publish(parts: Parts): Promise<void> {
  const files = Object.entries(charts(parts)).map(([name, svg]) =>
    [new URL(name, RESULTS), svg] as const
  );
  for (const [file, svg] of files) await Deno.writeTextFile(file, svg);

  let page = await Deno.readTextFile(PAGE);
  for (const [name, content] of Object.entries(tables(parts))) {
    page = fill(page, name, content);
  }
  await Deno.writeTextFile(PAGE, page);

  const paths = [RESULTS, PAGE].map((url) => fileURLToPath(url));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "-q", ...paths],
  }).output();
  if (!success) {
    throw new RangeError(`Cannot format ${paths.join(" and ")}`);
  }
}
