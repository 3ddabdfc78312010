/**
 * Where messages are written.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { computesHere } from "../chat/turn_partner.ts";
import { health } from "../chat/server_state.ts";
import { useParts } from "./page_context.ts";
import { nameSave } from "./open_dialog.ts";
import { Icon, IconButton } from "./icon.tsx";

/** The foot of the conversation. */
export function Composer(): ComponentChild {
  const { library, session } = useParts();
  const { head, undone } = session.standing.value;
  const { status } = health.value;
  const draft = session.draft.value;
  const live = session.answering.value;
  const area = useRef<HTMLTextAreaElement>(null);
  const turn = library.turns.value.get(head ?? "");

  useLayoutEffect(() => {
    const { current } = area;
    if (current === null) return;
    current.style.height = "auto";
    current.style.height = `${current.scrollHeight}px`;
  }, [draft]);

  const send = () => {
    const text = draft.trim();
    if (text === "" || live) return;
    session.draft.value = "";
    session.say(text);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="column">
        <div class="box">
          <textarea
            ref={area}
            rows={1}
            aria-label="Message"
            placeholder={status === "away" && !computesHere()
              ? "The server is away; write all the same …"
              : "Say something …"}
            value={draft}
            onInput={({ currentTarget }) =>
              session.draft.value = currentTarget.value}
            onKeyDown={(event) => {
              if (
                event.key === "Enter" && !event.shiftKey && !event.isComposing
              ) {
                event.preventDefault();
                send();
              }
            }}
          />
          {live
            ? (
              <button
                type="button"
                class="round"
                aria-label="Stop"
                title="Stop (Esc)"
                onClick={() => session.stop()}
              >
                <Icon name="stop" />
              </button>
            )
            : (
              <button
                type="submit"
                class="round"
                aria-label="Send"
                title="Send (Enter)"
                disabled={draft.trim() === ""}
              >
                <Icon name="send" />
              </button>
            )}
        </div>
        <div class="tools">
          <IconButton
            icon="undo"
            label="Take the last turn back"
            disabled={turn === undefined || live}
            onClick={() => session.undo()}
          />
          <IconButton
            icon="redo"
            label="Bring it back"
            disabled={undone.length === 0 || live}
            onClick={() => session.redo()}
          />
          <button
            type="button"
            class="quiet"
            disabled={turn === undefined}
            onClick={() => turn && nameSave(library, turn)}
          >
            <Icon name="save" /> Save
          </button>
          <span class="space" />
          <button
            type="button"
            class="quiet"
            disabled={turn === undefined && !live}
            onClick={() => {
              session.goTo(null);
              area.current?.focus();
            }}
          >
            <Icon name="plus" /> New
          </button>
        </div>
      </div>
    </form>
  );
}
