/**
 * The save slots, and every conversation there is.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { exportSave, importSave } from "../chat/save_actions.ts";
import { forestOf, titleOf } from "../store/turn_forest.ts";
import { watch } from "../store/signals.ts";
import type { Slot, StoredTurn } from "../store/stored_turn.ts";
import { age, formatSize, number } from "../text/readable_units.ts";
import { pane, say, useParts } from "./page_context.ts";
import { explain } from "../chat/error_notice.ts";
import { askPassphrase, confirm, dialog } from "./open_dialog.ts";
import { Face } from "./matrix_picture.tsx";
import { Icon, IconButton } from "./icon.tsx";

/** How many conversations are listed at first. */
const LISTED = 8;

/** The left of the page. */
export function Saves(): ComponentChild {
  const { library } = useParts();
  const slots = [...library.slots.value.values()]
    .sort((a, b) => b.at - a.at);
  const turns = library.turns.value;
  return (
    <nav id="saves" class="saves" aria-label="Saves">
      <section aria-labelledby="slots-title">
        <header>
          <h2 id="slots-title">Saves</h2>
          <ImportButton />
        </header>
        {slots.length === 0 && (
          <p class="hint">
            Save a turn and it stands here. Drop a save file anywhere to bring
            it in.
          </p>
        )}
        <ul class="slots">
          {slots.map((slot) => {
            const turn = turns.get(slot.turn);
            return turn && <SlotView key={slot.id} slot={slot} turn={turn} />;
          })}
        </ul>
      </section>
      <ConversationSlots />
    </nav>
  );
}

function SlotView(
  { slot, turn }: { slot: Slot; turn: StoredTurn },
): ComponentChild {
  const { library, session } = useParts();
  const here = session.standing.value.head === turn.id;
  const load = () => {
    session.goTo(turn.id);
    pane.value = "chat";
  };
  return (
    <li class="slot" aria-current={here}>
      <button type="button" class="slot-load" onClick={load}>
        <Face steps={slot.face} />
        <span class="slot-words">
          <b>{slot.name}</b>
          <small>
            {number(turn.position)} tokens · {formatSize(turn.bytes)}
            {turn.codec !== "" && ` · ${turn.codec}`}
          </small>
          <small>{age(slot.at)}</small>
        </span>
      </button>
      <div class="actions" role="group" aria-label={`Save ${slot.name}`}>
        <IconButton
          icon="fork"
          label={`Fork ${slot.name}`}
          onClick={async () => {
            const name = `${slot.name}, fork`;
            const { face } = slot;
            await library.putSlot({
              ...slot,
              id: crypto.randomUUID(),
              at: Date.now(),
              name,
              ...(face && { face }),
            });
            load();
            say(`${name} goes its own way from here`);
          }}
        />
        <IconButton
          icon="edit"
          label={`Rename ${slot.name}`}
          onClick={() => dialog.value = { type: "rename", slot }}
        />
        <IconButton
          icon="memory"
          label={`Edit the memory of ${slot.name}`}
          onClick={() => dialog.value = { type: "memory", slot }}
        />
        <IconButton
          icon="down"
          label={`Export ${slot.name}`}
          onClick={() =>
            exportSave(library, turn.id, slot.name)
              .catch((error: Error) => say(error.message))}
        />
        <IconButton
          icon="lock"
          label={`Lock ${slot.name} in a file`}
          onClick={() =>
            askPassphrase(
              "The file cannot be opened without the passphrase, and nobody can " +
                "reset it: who loses it loses the save.",
              "Lock and export",
              (passphrase) =>
                exportSave(library, turn.id, slot.name, passphrase)
                  .catch((error: unknown) => say(explain(error).message)),
            )}
        />
        <IconButton
          icon="trash"
          label={`Delete ${slot.name}`}
          onClick={() =>
            confirm(
              `${slot.name} is taken off the shelf. ` +
                "Its turn stays in the conversation.",
              "Delete",
              () => library.removeSlot(slot.id),
            )}
        />
      </div>
    </li>
  );
}

function ImportButton(): ComponentChild {
  const { library, session } = useParts();
  return (
    <label class="import" title="Bring a save file in">
      <Icon name="up" />
      <span>Import</span>
      <input
        type="file"
        accept=".gosling,.save,.json,.txt"
        multiple
        onChange={async ({ currentTarget }) => {
          const files = [...currentTarget.files ?? []];
          currentTarget.value = "";
          const turn = await importFiles(library, files);
          if (turn) session.goTo(turn.id);
        }}
      />
    </label>
  );
}

/** Files that are brought in at once. */
const MOST_FILES = 64;

/** Brings files in, and says how that went. */
export async function importFiles(
  library: Parameters<typeof importSave>[0],
  files: readonly File[],
): Promise<StoredTurn | undefined> {
  let last: StoredTurn | undefined;
  if (files.length > MOST_FILES) {
    say(`Only the first ${MOST_FILES} files are taken at once.`);
  }
  for (const file of files.slice(0, MOST_FILES)) {
    try {
      const { turn, warning } = await importSave(library, file, unlocking);
      last = turn;
      say(warning ?? `${file.name} is here. Go on where it left off.`);
    } catch (error) {
      say(error instanceof TypeError ? error.message : explain(error).message);
    }
  }
  return last;
}

/** Asks for the passphrase of a locked file; nothing if nobody gives one. */
function unlocking(name: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  askPassphrase(
    `${name} is locked. In this browser it will be kept without the lock.`,
    "Unlock",
    resolve,
  );
  const leave = watch(dialog, () => {
    if (dialog.value !== null) return;
    leave();
    // The answer comes right after the dialog has closed.
    queueMicrotask(() => resolve(undefined));
  });
  return promise;
}

function ConversationSlots(): ComponentChild {
  const { library, session } = useParts();
  const forest = forestOf(library.turns.value);
  const { head } = session.standing.value;
  const [all, setAll] = useState(false);
  const root = library.path(head)[0];
  const talks = forest.roots.map((root) => {
    const rows = forest.rows(root).map(({ turn }) => turn);
    const last = rows.reduce((a, b) => a.id > b.id ? a : b);
    return { root, rows, last };
  }).sort((a, b) => a.last.id > b.last.id ? -1 : 1);
  if (talks.length === 0) return null;
  return (
    <section aria-labelledby="talks-title">
      <header>
        <h2 id="talks-title">Conversations</h2>
      </header>
      <ul class="talks">
        {talks.slice(0, all ? undefined : LISTED).map((talk) => (
          <li key={talk.root.id} aria-current={talk.root === root}>
            <button
              type="button"
              onClick={() => {
                session.goTo(talk.last.id);
                pane.value = "chat";
              }}
            >
              <span>{titleOf(talk.root)}</span>
              <small>
                {talk.rows.length} {talk.rows.length === 1 ? "turn" : "turns"}
                {" · "}
                {age(talk.last.at)}
              </small>
            </button>
            <IconButton
              icon="trash"
              label={`Delete conversation ${titleOf(talk.root)}`}
              onClick={() =>
                confirm(
                  `${talk.rows.length} turns of “${titleOf(talk.root)}” and ` +
                    "all saves of them are deleted for good.",
                  "Delete",
                  () => {
                    if (talk.root === root) {
                      session.goTo(null);
                    }
                    library.removeTurns(talk.rows.map(({ id }) =>
                      id
                    ));
                  },
                )}
            />
          </li>
        ))}
      </ul>
      {talks.length > LISTED && (
        <button
          type="button"
          class="quiet"
          onClick={() => setAll(!all)}
        >
          {all ? "Show fewer" : `Show all ${talks.length}`}
        </button>
      )}
    </section>
  );
}
