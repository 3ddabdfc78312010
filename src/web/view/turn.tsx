/**
 * One turn: what was said, what was answered, and what can be done with it.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { forestOf } from "../store/turn_forest.ts";
import { settings } from "../store/settings.ts";
import { wordsOf } from "../store/save_file.ts";
import type { StoredTurn } from "../store/stored_turn.ts";
import { duration, formatSize, number } from "../text/readable_units.ts";
import { say, useParts } from "./page_context.ts";
import { nameSave } from "./open_dialog.ts";
import { Icon, IconButton } from "./icon.tsx";
import { Markdown } from "./markdown.tsx";

interface Props {
  readonly turn: StoredTurn;
  readonly last: boolean;
}

/** A turn of the path to the head. */
export function TurnView({ turn, last }: Props): ComponentChild {
  const [editing, setEditing] = useState(false);
  const { past = [] } = turn;
  const words = useMemo(
    () => (
      <>
        {past.map(({ user, answer }) => (
          <div class="past">
            <div class="user">
              <p>{user}</p>
            </div>
            <div class="answer">
              <Markdown text={answer} />
            </div>
          </div>
        ))}
      </>
    ),
    [turn],
  );
  return (
    <article class="turn" aria-label={titleFor(turn)}>
      {turn.system !== undefined && (
        <p class="system">
          <span>System</span> {turn.system}
        </p>
      )}
      {words}
      {turn.kind === "import" && (
        <p class="mark-line">
          {turn.edited ?? "The memory came as a file, and goes on here"}
        </p>
      )}
      {turn.kind === "say" && (editing
        ? <EditMessage turn={turn} onEnd={() => setEditing(false)} />
        : (
          <div class="user">
            <p>{turn.user}</p>
          </div>
        ))}
      {turn.kind !== "import" && (
        <div class="answer">
          <Markdown text={turn.answer} />
        </div>
      )}
      <footer class="turn-foot">
        <Figures turn={turn} />
        <Actions turn={turn} last={last} onEdit={() => setEditing(true)} />
      </footer>
    </article>
  );
}

function Figures({ turn }: { turn: StoredTurn }): ComponentChild {
  const { finish, position, ms } = turn;
  return (
    <p class="figures">
      <span
        class="place"
        title={turn.here ? "Computed on this device" : "Computed by a server"}
      >
        <Icon name={turn.here ? "device" : "server"} />
        {turn.here && "this device"}
      </span>
      {turn.reread && (
        <span title="The save could not be opened there: all words were read again">
          words read again
        </span>
      )}
      {finish === "cancelled" && <span>stopped</span>}
      {finish === "length" && <span>cut off</span>}
      <span title="Tokens the memory has read since it was blank">
        {number(position)} tokens
      </span>
      <span title={`Bytes of the save, as ${turn.codec}`}>
        {formatSize(turn.bytes)}
      </span>
      {turn.kind !== "import" && (
        <span
          title={`reading ${duration(ms.read)}, writing ${
            duration(ms.write)
          }, sealing ${duration(ms.seal)}`}
        >
          {duration(ms.read + ms.write + ms.seal)}
        </span>
      )}
    </p>
  );
}

function Actions(
  { turn, last, onEdit }: Props & { readonly onEdit: () => void },
): ComponentChild {
  const { session, library } = useParts();
  const busy = session.answering.value;
  const { kind, finish } = turn;
  return (
    <div class="actions" role="group" aria-label="Turn">
      <Siblings turn={turn} />
      {last && finish === "length" && (
        <IconButton
          icon="more"
          label="Let the answer go on"
          disabled={busy}
          onClick={() => session.more()}
        />
      )}
      {kind === "say" && (
        <IconButton
          icon="again"
          label="Answer again"
          disabled={busy}
          onClick={() => {
            session.regenerate(turn);
            if (settings.value.temperature === 0) {
              say("At temperature 0 the answer is always the same");
            }
          }}
        />
      )}
      {kind === "say" && (
        <IconButton
          icon="edit"
          label="Edit and fork"
          disabled={busy}
          onClick={onEdit}
        />
      )}
      {!last && (
        <IconButton
          icon="fork"
          label="Go on from here"
          disabled={busy}
          onClick={() => session.goTo(turn.id)}
        />
      )}
      <IconButton
        icon="copy"
        label="Copy"
        onClick={async () => {
          await navigator.clipboard.writeText(
            turn.answer || wordsOf([turn]).map(({ answer }) => answer)
              .join("\n\n"),
          );
          say("Copied");
        }}
      />
      <IconButton
        icon="save"
        label="Save here"
        onClick={() => nameSave(library, turn)}
      />
    </div>
  );
}

/** Steps through what else was said or answered at this point. */
function Siblings({ turn }: { turn: StoredTurn }): ComponentChild {
  const { library, session } = useParts();
  const forest = forestOf(library.turns.value);
  const siblings = turn.parent === null
    ? forest.roots.filter(({ user, kind }) =>
      kind === "say" && user === turn.user
    )
    : forest.children(turn.parent);
  const at = siblings.indexOf(turn);
  if (siblings.length < 2 || at < 0) return null;
  const step = (by: number) => {
    const sibling = siblings[at + by];
    if (sibling) session.goTo(forest.newestLeaf(sibling).id);
  };
  return (
    <span class="siblings">
      <IconButton
        icon="left"
        label="The fork before"
        disabled={at === 0}
        onClick={() => step(-1)}
      />
      {at + 1}/{siblings.length}
      <IconButton
        icon="right"
        label="The next fork"
        disabled={at === siblings.length - 1}
        onClick={() => step(1)}
      />
    </span>
  );
}

function EditMessage(
  { turn, onEnd }: { turn: StoredTurn; onEnd: () => void },
): ComponentChild {
  const { session } = useParts();
  const [text, setText] = useState(turn.user);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const send = () => {
    onEnd();
    if (text.trim() !== "") session.edit(turn, text.trim());
  };
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onEnd();
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          send();
        }
      }}
    >
      <textarea
        aria-label="Say this instead"
        value={text}
        ref={area}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p class="row">
        <button type="submit" class="primary">Fork</button>
        <button type="button" class="quiet" onClick={onEnd}>Cancel</button>
      </p>
    </form>
  );
}

function titleFor({ kind, user }: StoredTurn): string {
  return kind === "say"
    ? `Turn: ${user.slice(0, 80)}`
    : kind === "more"
    ? "The answer goes on"
    : "Imported save";
}
