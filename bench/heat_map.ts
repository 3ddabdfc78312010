/**
 * Heat maps as SVG: one cell a pair of categories, its colour and its number saying
 * the same, so that nothing is told by colour alone.
 *
 * @module
 */

/** A heat map. */
export interface HeatMap {
  /** Above the cells. */
  readonly title: string;
  /** Under the title, smaller. */
  readonly subtitle: string;
  /** The columns' name, and theirs. */
  readonly x: { readonly label: string; readonly names: readonly string[] };
  /** The rows' name, and theirs. */
  readonly y: { readonly label: string; readonly names: readonly string[] };
  /** Shares from 0 to 1, a row each; `undefined` where nothing was measured. */
  readonly cells: readonly (readonly (number | undefined)[])[];
}

const LEFT = 110, TOP = 76, CELL = { width: 76, height: 44 }, MARGIN = 24;

/** The ends of the scale: two hues of like chroma that colour-blind people tell apart. */
const NONE = [178, 74, 34], MIDDLE = [246, 240, 226], ALL = [12, 98, 145];

/** Draws a heat map. */
export function heatMap({ title, subtitle, x, y, cells }: HeatMap): string {
  const width = Math.max(
    LEFT + x.names.length * CELL.width + MARGIN,
    // The title has to fit, about 9 px a letter.
    MARGIN * 2 + 9 * title.length,
  );
  const bottom = TOP + y.names.length * CELL.height;
  const height = bottom + 62;
  const middle = (TOP + bottom) / 2;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"` +
    ` viewBox="0 0 ${width} ${height}" role="img"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', sans-serif"` +
    ` font-size="13" fill="#444">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="#fcfcfb"/>`,
    text(MARGIN, 32, title, `font-size="17" font-weight="600" fill="#111"`),
    text(MARGIN, 52, subtitle, `fill="#666"`),
    text(
      LEFT + x.names.length * CELL.width / 2,
      height - 16,
      x.label,
      `text-anchor="middle"`,
    ),
    text(
      22,
      middle,
      y.label,
      `text-anchor="middle" transform="rotate(-90 22 ${middle})"`,
    ),
  ];
  x.names.forEach((name, column) =>
    out.push(
      text(
        LEFT + (column + 0.5) * CELL.width,
        bottom + 20,
        name,
        `text-anchor="middle"`,
      ),
    )
  );
  y.names.forEach((name, row) => {
    const at = TOP + row * CELL.height;
    out.push(
      text(LEFT - 8, at + CELL.height / 2 + 5, name, `text-anchor="end"`),
    );
    cells[row].forEach((share, column) => {
      const left = LEFT + column * CELL.width;
      const place = `x="${left + 1}" y="${at + 1}" width="${CELL.width - 2}"` +
        ` height="${CELL.height - 2}" rx="4"`;
      if (share === undefined) {
        out.push(`<rect ${place} fill="none" stroke="#dddad4"/>`);
        return;
      }
      out.push(`<rect ${place} fill="${colour(share)}"/>`);
      out.push(
        text(
          left + CELL.width / 2,
          at + CELL.height / 2 + 5,
          `${Math.round(100 * share)} %`,
          `text-anchor="middle" fill="${
            Math.abs(share - 0.5) > 0.3 ? "#fff" : "#222"
          }"`,
        ),
      );
    });
  });
  return [...out, "</svg>", ""].join("\n");
}

function colour(share: number): string {
  const [from, to, by] = share < 0.5
    ? [NONE, MIDDLE, 2 * share]
    : [MIDDLE, ALL, 2 * share - 1];
  const parts = from.map((low, i) => Math.round(low + (to[i] - low) * by));
  return `rgb(${parts.join(" ")})`;
}

function text(x: number, y: number, content: string, style: string): string {
  return `<text x="${x}" y="${y}" ${style}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
