/**
 * The page, put together.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { health } from "../chat/server_state.ts";
import { Chat } from "./chat.tsx";
import {
  notice,
  type PageParts,
  type Pane,
  pane,
  PartsProvider,
  side,
  useParts,
} from "./page_context.ts";
import { Curse } from "./curse.tsx";
import { dialog, nameSave, openSettings } from "./open_dialog.ts";
import { Dialogs } from "./dialogs.tsx";
import { Icon, IconButton, type IconName, Mark } from "./icon.tsx";
import { NotebookView } from "./notebook.tsx";
import { importFiles, Saves } from "./slots.tsx";
import { TurnTree } from "./turn_tree.tsx";

const place: Signal<string> = signal(location.hash);
addEventListener("hashchange", () => place.value = location.hash);

/** Everything there is to see. */
export function App({ parts }: { parts: PageParts }): ComponentChild {
  const curse = place.value === "#curse";
  const shown = pane.value;
  return (
    <PartsProvider value={parts}>
      <a class="skip" href="#chat">Skip to the conversation</a>
      <div class="app" data-pane={shown} data-view={curse ? "curse" : "chat"}>
        <PageHeader curse={curse} />
        <Saves />
        {curse ? <Curse /> : <Chat />}
        {!curse && <Side />}
        <Panes />
      </div>
      <Dialogs />
      <Spoken />
      <DropZone />
      <Shortcuts />
    </PartsProvider>
  );
}

function PageHeader({ curse }: { curse: boolean }): ComponentChild {
  const { status, model, words } = health.value;
  return (
    <header class="top">
      <h1>
        <a href="#">
          <Mark /> Gosling
        </a>
      </h1>
      <p class={`status ${status}`} title={words} role="status">
        {status === "none"
          ? "on this device"
          : status === "ready"
          ? model?.id
          : status === "asking"
          ? "connecting …"
          : status === "away"
          ? "server away"
          : "not let in"}
      </p>
      <span class="space" />
      <a class="quiet link" href={curse ? "#" : "#curse"}>
        <Icon name={curse ? "chat" : "chart"} />
        <span>{curse ? "Back to the chat" : "Break the curse"}</span>
      </a>
      <IconButton icon="gear" label="Settings" onClick={openSettings} />
    </header>
  );
}

function Side(): ComponentChild {
  const shown = side.value;
  return (
    <aside class="side" aria-label="Memory">
      <div class="tabs" role="tablist">
        {(["notebook", "turns"] as const).map((name) => (
          <button
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-controls="side-panel"
            aria-selected={shown === name}
            onClick={() => side.value = name}
          >
            {name === "notebook" ? "Notebook" : "Turns"}
          </button>
        ))}
      </div>
      <div
        id="side-panel"
        class="side-panel"
        role="tabpanel"
        aria-labelledby={`tab-${shown}`}
        tabIndex={0}
      >
        {shown === "notebook" ? <NotebookView /> : <TurnTree />}
      </div>
    </aside>
  );
}

const PANES: readonly (readonly [Pane, IconName, string])[] = [
  ["saves", "save", "Saves"],
  ["chat", "chat", "Chat"],
  ["memory", "grid", "Memory"],
];

/** The switch between panes, where only one has room. */
function Panes(): ComponentChild {
  const shown = pane.value;
  return (
    <nav class="panes" aria-label="Panes">
      {PANES.map(([name, icon, label]) => (
        <button
          type="button"
          aria-current={shown === name ? "page" : undefined}
          onClick={() => {
            if (place.value === "#curse") location.hash = "";
            pane.value = name;
          }}
        >
          <Icon name={icon} />
          {label}
        </button>
      ))}
    </nav>
  );
}

/** What screen readers hear: notices, and each answer once it is whole. */
function Spoken(): ComponentChild {
  const { session, library } = useParts();
  const { head } = session.standing.value;
  const words = notice.value;
  const answer = library.turns.value.get(head ?? "")?.answer ?? "";
  return (
    <>
      <p class="notice" role="status" data-shown={words !== ""}>{words}</p>
      <p class="unseen" aria-live="polite">{answer}</p>
    </>
  );
}

/** Takes files wherever they are dropped. */
function DropZone(): ComponentChild {
  const { library, session } = useParts();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    const hasFiles = ({ dataTransfer }: DragEvent) =>
      dataTransfer?.types.includes("Files") ?? false;
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    }, { signal });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) setOver(false);
    }, { signal });
    addEventListener("drop", async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      const turn = await importFiles(library, [
        ...event.dataTransfer?.files ?? [],
      ]);
      if (turn) session.goTo(turn.id);
    }, { signal });
    return () => end.abort();
  }, []);
  return over && <div class="drop">Drop the save to go on from it</div>;
}

/** Keys that work everywhere. */
function Shortcuts(): null {
  const { library, session } = useParts();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (dialog.value !== null) return;
      const command = event.ctrlKey || event.metaKey;
      const { activeElement } = document;
      const writes = activeElement instanceof HTMLTextAreaElement &&
        activeElement.value !== "";
      const key = event.key.toLowerCase();
      if (event.key === "Escape") session.stop();
      else if (command && key === "s") {
        const turn = session.path().at(-1);
        if (turn) nameSave(library, turn);
      } else if (command && key === "z" && !writes) {
        if (event.shiftKey) session.redo();
        else session.undo();
      } else return;
      if (event.key !== "Escape") event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return null;
}
