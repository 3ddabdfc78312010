/**
 * A text of the model, drawn as elements.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useMemo } from "preact/hooks";
import { type Inline, parseInline } from "../text/inline.ts";
import { type Block, parseMarkdown } from "../text/markdown.ts";

/** Draws a text. */
export function Markdown({ text }: { text: string }): ComponentChild {
  return useMemo(
    () => <div class="prose">{parseMarkdown(text).map(drawBlock)}</div>,
    [text],
  );
}

function drawBlock(block: Block): ComponentChild {
  switch (block.type) {
    case "heading": {
      // Inside an answer, which is under the page's own headings.
      const Name = `h${Math.min(block.level + 2, 6)}` as "h3";
      return <Name>{drawInline(block.text)}</Name>;
    }
    case "paragraph":
      return <p>{drawInline(block.text)}</p>;
    case "code":
      return (
        <pre tabIndex={0} data-language={block.language}>
          <code>{block.text}</code>
        </pre>
      );
    case "quote":
      return <blockquote>{block.blocks.map(drawBlock)}</blockquote>;
    case "list": {
      const items = block.items.map((blocks) => <li>{drawItem(blocks)}</li>);
      return block.ordered
        ? <ol start={block.start}>{items}</ol>
        : <ul>{items}</ul>;
    }
    case "table":
      return <Table rows={block.rows} />;
    case "rule":
      return <hr />;
  }
}

/** An item of one paragraph needs no paragraph. */
function drawItem(blocks: readonly Block[]): ComponentChild {
  const [first, ...rest] = blocks;
  return first?.type === "paragraph"
    ? [drawInline(first.text), ...rest.map(drawBlock)]
    : blocks.map(drawBlock);
}

function Table({ rows }: { rows: readonly (readonly string[])[] }) {
  const [head = [], ...body] = rows;
  return (
    <table>
      <thead>
        <tr>{head.map((cell) => <th scope="col">{drawInline(cell)}</th>)}</tr>
      </thead>
      <tbody>
        {body.map((row) => (
          <tr>{row.map((cell) => <td>{drawInline(cell)}</td>)}</tr>
        ))}
      </tbody>
    </table>
  );
}

function drawInline(text: string): ComponentChild {
  return parseInline(text).map(drawPiece);
}

function drawPiece(piece: Inline): ComponentChild {
  switch (piece.type) {
    case "text":
      return piece.text;
    case "code":
      return <code>{piece.text}</code>;
    case "break":
      return <br />;
    case "link":
      return (
        <a href={piece.href} target="_blank" rel="noopener noreferrer">
          {piece.children.map(drawPiece)}
        </a>
      );
    default: {
      const Name = piece.type;
      return <Name>{piece.children.map(drawPiece)}</Name>;
    }
  }
}
