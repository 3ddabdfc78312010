/**
 * The dialogs: one at a time, over everything.
 *
 * @module
 */

import type { ComponentChild, InputHTMLAttributes } from "preact";
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

const DIALOG_TITLES = {
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
          <h2 id="dialog-title">{DIALOG_TITLES[open.type]}</h2>
          <IconButton icon="close" label="Close" onClick={close} />
        </header>
        <DialogContent open={open} close={close} />
      </div>
    </dialog>
  );
}

function DialogContent(
  { open, close }: { open: Dialog; close: () => void },
): ComponentChild {
  const { library, notebook } = useParts();
  switch (open.type) {
    case "settings":
      return <SettingsForm />;
    case "save":
      return (
        <TextForm
          {...nameField(open.name)}
          verb="Save"
          onText={async (name) => {
            close();
            const face = await notebook.face(open.turn.id);
            await saveSlot(library, open.turn.id, name, face);
            say(`Saved as ${name}`);
          }}
        />
      );
    case "rename":
      return (
        <TextForm
          {...nameField(open.slot.name)}
          verb="Rename"
          onText={(name) => {
            close();
            library.putSlot({ ...open.slot, name });
          }}
        />
      );
    case "memory":
      return <MemoryForm slot={open.slot} close={close} />;
    case "passphrase":
      return (
        <TextForm
          label="Passphrase"
          words={open.words}
          verb={open.verb}
          input={{ type: "password", autocomplete: "off", value: "" }}
          onText={(passphrase) => {
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

/** The field that asks for a name. */
function nameField(
  name: string,
): Pick<TextFormProps, "label" | "input" | "trim"> {
  return {
    label: "Name",
    trim: true,
    input: {
      value: name,
      maxLength: 80,
      onFocus: ({ currentTarget }) => currentTarget.select(),
    },
  };
}

interface TextFormProps {
  label: string;
  /** What is said above the field. */
  words?: string;
  verb: string;
  input: InputHTMLAttributes<HTMLInputElement> & { value: string };
  /** Whether blanks around the text do not count. */
  trim?: boolean;
  /** Told of the text, which is not empty. */
  onText: (text: string) => void;
}

/** Asks for one text. */
function TextForm(
  { label, words, verb, input, trim = false, onText }: TextFormProps,
): ComponentChild {
  const [text, setText] = useState(input.value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const given = trim ? text.trim() : text;
        if (given !== "") onText(given);
      }}
    >
      {words !== undefined && <p>{words}</p>}
      <label class="field">
        <span>{label}</span>
        <input
          {...input}
          data-first
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
