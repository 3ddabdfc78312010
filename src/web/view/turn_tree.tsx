/**
 * The conversation as a tree: every turn is a save, and any can be gone on from.
 * Only the rows in sight are drawn, so that a thousand turns cost what ten do.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "preact/hooks";
import { forestOf, type Row, titleOf } from "../store/turn_forest.ts";
import { age, formatSize, number } from "../text/readable_units.ts";
import { pane, useParts } from "./page_context.ts";

/** Pixels of a row, as in the style sheet. */
const ROW_PIXELS = 48;
/** Pixels of a lane, and the lane that is drawn last. */
const BRANCH_PIXELS = 16, LANES = 8;
/** Rows drawn beyond the edges. */
const ROWS_BEYOND = 6;

/** The tree that the conversation is in. */
export function TurnTree(): ComponentChild {
  const { library, session } = useParts();
  const { head } = session.standing.value;
  const turns = library.turns.value;
  const path = session.path();
  const root = path[0];
  const rows = useMemo(
    () => root === undefined ? [] : forestOf(turns).rows(root),
    [turns, root?.id],
  );
  if (root === undefined) {
    return <p class="hint">Every turn will stand here, forks and all.</p>;
  }
  const names = new Map(
    [...library.slots.value.values()].map(({ turn, name }) => [turn, name]),
  );
  return (
    <TreeRows
      rows={rows}
      head={head}
      names={names}
      past={new Set(path.map(({ id }) => id))}
      onPick={(id) => {
        session.goTo(id);
        pane.value = "chat";
      }}
    />
  );
}

interface RowsProps {
  readonly rows: readonly Row[];
  readonly head: string | null;
  readonly names: ReadonlyMap<string, string>;
  readonly past: ReadonlySet<string>;
  readonly onPick: (id: string) => void;
}

function TreeRows(
  { rows, head, names, past, onPick }: RowsProps,
): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const here = rows.findIndex(({ turn }) => turn.id === head);
  const [cursor, setCursor] = useState(here);
  useEffect(() => setCursor(here), [here]);
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null || cursor < 0) return;
    const top = cursor * ROW_PIXELS, { scrollTop, clientHeight } = current;
    if (top < scrollTop) current.scrollTop = top - ROW_PIXELS;
    else if (top + 2 * ROW_PIXELS > scrollTop + clientHeight) {
      current.scrollTop = top + 2 * ROW_PIXELS - clientHeight;
    }
  }, [cursor, rows]);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const sizes = new ResizeObserver(() =>
      setView({ top: current.scrollTop, height: current.clientHeight })
    );
    sizes.observe(current);
    return () => sizes.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW_PIXELS) - ROWS_BEYOND);
  const count = Math.ceil(view.height / ROW_PIXELS) + 2 * ROWS_BEYOND;
  const visible = rows.slice(first, first + count);
  const move = (by: number) =>
    setCursor((at) => Math.max(0, Math.min(rows.length - 1, at + by)));
  const steps: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(10),
    PageUp: () => move(-10),
    Home: () => move(-rows.length),
    End: () => move(rows.length),
    Enter: () => {
      const id = rows[cursor]?.turn.id;
      if (id !== undefined) onPick(id);
    },
  };
  return (
    <div
      ref={box}
      class="tree"
      role="tree"
      tabIndex={0}
      aria-label={`${rows.length} turns`}
      aria-activedescendant={visible.includes(rows[cursor] ?? visible[0] as Row)
        ? `row-${rows[cursor]?.turn.id}`
        : undefined}
      onScroll={({ currentTarget: { scrollTop, clientHeight } }) =>
        setView({ top: scrollTop, height: clientHeight })}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        step();
      }}
    >
      <div
        class="tree-room"
        style={{ height: `${rows.length * ROW_PIXELS}px` }}
      >
        {visible.map((row, i) => (
          <RowView
            key={row.turn.id}
            row={row}
            index={first + i}
            count={rows.length}
            here={row.turn.id === head}
            past={past.has(row.turn.id)}
            cursor={first + i === cursor}
            name={names.get(row.turn.id)}
            onPick={onPick}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: Row;
  readonly index: number;
  readonly count: number;
  readonly here: boolean;
  readonly past: boolean;
  readonly cursor: boolean;
  readonly name: string | undefined;
  readonly onPick: (id: string) => void;
}

function RowView(
  { row, index, count, here, past, cursor, name, onPick }: RowProps,
): ComponentChild {
  const { turn } = row;
  const words = turn.kind === "more" ? "… went on" : titleOf(turn);
  return (
    <div
      id={`row-${turn.id}`}
      class="tree-row"
      role="treeitem"
      aria-level={row.lane + 1}
      aria-posinset={index + 1}
      aria-setsize={count}
      aria-selected={here}
      data-past={past}
      data-cursor={cursor}
      style={{ top: `${index * ROW_PIXELS}px` }}
      onClick={() => onPick(turn.id)}
    >
      <Rails row={row} first={index === 0} here={here} />
      <span class="tree-words">
        <span>
          {name !== undefined && <mark>{name}</mark>}
          {words}
        </span>
        <small>
          {number(turn.position)} tokens · {formatSize(turn.bytes)}
          {turn.codec !== "" && ` · ${turn.codec}`} · {age(turn.at)}
        </small>
      </span>
    </div>
  );
}

function Rails(
  { row: { lane, begins, goesOn }, first, here }: {
    row: Row;
    first: boolean;
    here: boolean;
  },
): ComponentChild {
  const at = Math.min(lane, LANES);
  const x = (lane: number) => lane * BRANCH_PIXELS + BRANCH_PIXELS / 2 + 2;
  const middle = ROW_PIXELS / 2;
  const lines = Array.from(
    { length: at },
    (_, i) => `M${x(i)} 0V${ROW_PIXELS}`,
  );
  if (begins && at > 0) {
    lines.push(
      `M${x(at - 1)} 0C${x(at - 1)} ${middle} ${x(at)} 0 ${x(at)} ${middle}`,
    );
  } else if (!first) lines.push(`M${x(at)} 0V${middle}`);
  if (goesOn) lines.push(`M${x(at)} ${middle}V${ROW_PIXELS}`);
  return (
    <svg
      class="rails"
      width={x(at) + BRANCH_PIXELS / 2}
      height={ROW_PIXELS}
      aria-hidden="true"
    >
      <path d={lines.join("")} />
      <circle cx={x(at)} cy={middle} r={here ? 5 : 3.5} />
    </svg>
  );
}
