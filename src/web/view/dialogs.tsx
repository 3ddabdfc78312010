/**
 * The dialogs: one at a time, over everything.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { saveSlot } from "../chat/save_actions.ts";
import { say, useParts } from "./page_context.ts";
import { type Dialog, dialog } from "./open_dialog.ts";
import { IconButton } from "./icon.tsx";
import { MemoryForm } from "./memory_form.tsx";
import { SettingsForm } from "./settings.tsx";

/** The dialog that is open. */
export function Dialogs(): ComponentChild {
  const open = dialog.value;
  return open && <Frame key={open.type} open={open} />;
}

const TITLES = {
  settings: "Settings",
  save: "Save",
  rename: "Rename",
  memory: "Edit the memory",
  passphrase: "Passphrase",
  confirm: "Are you sure?",
} satisfies Record<Dialog["type"], string>;

function Frame({ open }: { open: Dialog }): ComponentChild {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = box;
    const before = document.activeElement;
    current?.showModal();
    current?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      current?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const close = () => dialog.value = null;
  return (
    <dialog
      ref={box}
      class={open.type}
      aria-labelledby="dialog-title"
      onClose={close}
      onClick={({ target }) => target === box.current && close()}
    >
      <div class="sheet">
        <header>
          <h2 id="dialog-title">{TITLES[open.type]}</h2>
          <IconButton icon="close" label="Close" onClick={close} />
        </header>
        <Content open={open} close={close} />
      </div>
    </dialog>
  );
}

function Content(
  { open, close }: { open: Dialog; close: () => void },
): ComponentChild {
  const { library, notebook } = useParts();
  switch (open.type) {
    case "settings":
      return <SettingsForm />;
    case "save":
      return (
        <NameForm
          name={open.name}
          verb="Save"
          onName={async (name) => {
            close();
            const face = await notebook.face(open.turn.id);
            await saveSlot(library, open.turn.id, name, face);
            say(`Saved as ${name}`);
          }}
        />
      );
    case "rename":
      return (
        <NameForm
          name={open.slot.name}
          verb="Rename"
          onName={(name) => {
            close();
            library.putSlot({ ...open.slot, name });
          }}
        />
      );
    case "memory":
      return <MemoryForm slot={open.slot} close={close} />;
    case "passphrase":
      return (
        <PassphraseForm
          words={open.words}
          verb={open.verb}
          onPassphrase={(passphrase) => {
            close();
            open.act(passphrase);
          }}
        />
      );
    case "confirm":
      return (
        <>
          <p>{open.words}</p>
          <p class="row end">
            <button type="button" class="quiet" onClick={close}>Cancel</button>
            <button
              type="button"
              class="primary"
              onClick={() => {
                close();
                open.act();
              }}
            >
              {open.verb}
            </button>
          </p>
        </>
      );
  }
}

function PassphraseForm(
  { words, verb, onPassphrase }: {
    words: string;
    verb: string;
    onPassphrase: (passphrase: string) => void;
  },
): ComponentChild {
  const [text, setText] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") onPassphrase(text);
      }}
    >
      <p>{words}</p>
      <label class="field">
        <span>Passphrase</span>
        <input
          data-first
          type="password"
          autocomplete="off"
          value={text}
          required
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <p class="row end">
        <button type="submit" class="primary">{verb}</button>
      </p>
    </form>
  );
}

function NameForm(
  { name, verb, onName }: {
    name: string;
    verb: string;
    onName: (name: string) => void;
  },
): ComponentChild {
  const [text, setText] = useState(name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") onName(text.trim());
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          data-first
          onFocus={({ currentTarget }) => currentTarget.select()}
          value={text}
          maxLength={80}
          required
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <p class="row end">
        <button type="submit" class="primary">{verb}</button>
      </p>
    </form>
  );
}
