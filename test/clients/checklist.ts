/**
 * Tables of docs/clients.md besides that of clients: programs and samples that are
 * tried with other cases than those. A cell says "yes" only where its case passed.
 *
 * @module
 */

import type { Place } from "./client.ts";

/** What is tried in one table. */
export interface Checklist {
  /** What stands above the table. */
  readonly text: string;
  /** Columns that say what a row is. */
  readonly columns: readonly string[];
  /** Columns of cases, in order. */
  readonly cases: readonly string[];
  readonly rows: readonly ChecklistRow[];
  /** Ends what the cases left running. */
  readonly close?: () => Promise<void>;
}

/** One row. */
export interface ChecklistRow {
  /** What it is: a cell for each of the columns. */
  readonly cells: readonly string[];
  /** By the columns of cases; missing where there is no such thing. */
  readonly cases: Readonly<Record<string, (place: Place) => Promise<void>>>;
}

/** What became of the cases of each row. */
export type ChecklistResults = ReadonlyMap<ChecklistRow, ReadonlySet<string>>;

/** A table's lines, before they are formatted. */
export function checklistLines(
  { text, columns, cases, rows }: Checklist,
  results: ChecklistResults,
): readonly string[] {
  const head = [...columns, ...cases];
  const body = rows.map((row) => [
    ...row.cells,
    ...cases.map((title) =>
      row.cases[title] === undefined
        ? "—"
        : results.get(row)?.has(title)
        ? "yes"
        : "no"
    ),
  ]);
  return [
    text,
    "",
    ...[head, head.map(() => "---"), ...body].map((cells) =>
      `| ${cells.join(" | ")} |`
    ),
    "",
  ];
}
