/**
 * The inside of a paragraph: code, emphasis, links.
 *
 * @module
 */

/** A piece of a paragraph. */
export type Inline =
  | { readonly type: "text" | "code"; readonly text: string }
  | {
    readonly type: "strong" | "em" | "del";
    readonly children: readonly Inline[];
  }
  | {
    readonly type: "link";
    readonly href: string;
    readonly children: readonly Inline[];
  }
  | { readonly type: "break" };

/**
 * What begins a piece. Every alternative is bounded or ends at a character that
 * its inside cannot contain, so that no text takes long.
 */
const INLINE_MARK =
  /`([^`\n]+)`|\*\*([^*\n]{1,999})\*\*|__([^_\n]{1,999})__|~~([^~\n]{1,999})~~|\*([^*\s][^*\n]{0,999})\*|(?<![\p{L}\p{N}])_([^_\s][^_\n]{0,999})_(?![\p{L}\p{N}])|\[([^[\]\n]{1,999})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'`]{1,2000}[^\s<>"'`.,;:!?)\]])|(\n)/gu;

/** Reads the inside of a paragraph. */
export function parseInline(text: string): Inline[] {
  const pieces: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE_MARK)) {
    if (match.index > end) {
      pieces.push({ type: "text", text: text.slice(end, match.index) });
    }
    pieces.push(pieceOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ type: "text", text: text.slice(end) });
  return pieces;
}

function pieceOf(
  [whole, code, bold, under, del, star, em, label, target, url]:
    RegExpMatchArray,
): Inline {
  if (code !== undefined) return { type: "code", text: code };
  const strong = bold ?? under;
  if (strong !== undefined) {
    return { type: "strong", children: parseInline(strong) };
  }
  if (del !== undefined) return { type: "del", children: parseInline(del) };
  const slanted = star ?? em;
  if (slanted !== undefined) {
    return { type: "em", children: parseInline(slanted) };
  }
  if (label !== undefined && target !== undefined) {
    return isSafe(target)
      ? { type: "link", href: target, children: parseInline(label) }
      : { type: "text", text: whole };
  }
  if (url !== undefined) {
    return { type: "link", href: url, children: [{ type: "text", text: url }] };
  }
  return { type: "break" };
}

/** Only addresses that cannot run anything. */
function isSafe(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href);
}
