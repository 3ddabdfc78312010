/**
 * The conversation: its turns, the answer under way, and what went wrong.
 *
 * @module
 */

import type { ReadonlySignal } from "@preact/signals";
import { watch } from "../store/signals.ts";
import type { ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { local } from "../local/local_engine.ts";
import type { StoredTurn } from "../store/stored_turn.ts";
import { Composer } from "./composer.tsx";
import { useParts } from "./page_context.ts";
import { openSettings } from "./open_dialog.ts";
import { Markdown } from "./markdown.tsx";
import { TurnView } from "./turn.tsx";
import { Welcome } from "./welcome.tsx";

/** How many turns are drawn at once; earlier ones are asked for. */
const WINDOW = 40;

/** The middle of the page. */
export function Chat(): ComponentChild {
  const { session } = useParts();
  const { head, trouble } = session.standing.value;
  const live = session.answering.value;
  const path = session.path();
  return (
    <main id="chat" class="chat" aria-label="Conversation">
      <Scroll key={path[0]?.id ?? "none"} head={head}>
        {path.length === 0 && !live && trouble === null ? <Welcome /> : (
          <>
            <ChatTurns path={path} />
            <Answering />
            <ErrorNoticeView />
          </>
        )}
      </Scroll>
      <Composer />
    </main>
  );
}

function ChatTurns({ path }: { path: readonly StoredTurn[] }): ComponentChild {
  const [shown, setShown] = useState(WINDOW);
  const hidden = Math.max(0, path.length - shown);
  return (
    <>
      {hidden > 0 && (
        <button
          type="button"
          class="quiet earlier"
          onClick={() => setShown(shown + 2 * WINDOW)}
        >
          Show earlier turns ({hidden})
        </button>
      )}
      {path.slice(hidden).map((turn, i, visible) => (
        <TurnView key={turn.id} turn={turn} last={i === visible.length - 1} />
      ))}
    </>
  );
}

/** The answer under way; alone redrawn while it grows. */
function Answering(): ComponentChild {
  const live = useFrame(useParts().session.live);
  if (live === null) return null;
  const { wish: { kind, user }, answer } = live;
  return (
    <article class="turn live" aria-label="Turn under way">
      {kind === "say" && (
        <div class="user">
          <p>{user}</p>
        </div>
      )}
      <div class="answer" aria-busy="true">
        {answer === "" ? <WaitingForWords /> : <Markdown text={answer} />}
      </div>
    </article>
  );
}

/** Until the first word: what is waited for, where that takes a while. */
function WaitingForWords(): ComponentChild {
  const { status, progress } = local.value;
  if (status === "loading") {
    return (
      <p class="loading-model">
        <label>
          Loading the model into this tab <progress max={1} value={progress} />
        </label>
      </p>
    );
  }
  return <p class="waiting" aria-label="Waiting for the answer">···</p>;
}

/** A value that changes often, drawn once a frame. */
function useFrame<T>(signal: ReadonlySignal<T>): T {
  const [, redraw] = useState({});
  const value = signal.peek();
  useEffect(() => {
    let frame = 0;
    if (signal.peek() !== value) redraw({});
    const end = watch(signal, () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        redraw({});
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      end();
    };
  }, [signal]);
  return value;
}

function ErrorNoticeView(): ComponentChild {
  const { session } = useParts();
  const { trouble } = session.standing.value;
  if (trouble === null) return null;
  const { message, detail, action, missing, wish } = trouble;
  const nearest = missing?.nearest;
  return (
    <article class="turn">
      {wish?.kind === "say" && (
        <div class="user">
          <p>{wish.user}</p>
        </div>
      )}
      <div class="trouble" role="alert">
        <p>{message}</p>
        {detail !== undefined && <p class="detail">{detail}</p>}
        <p class="row">
          {wish !== undefined && (
            <button
              type="button"
              onClick={() => session.retry()}
            >
              Try again
            </button>
          )}
          {nearest && (
            <button
              type="button"
              onClick={() => session.goBack(nearest.id)}
            >
              Go on from the nearest save
            </button>
          )}
          {missing?.words && wish !== undefined && (
            <button
              type="button"
              onClick={() => session.readAgain()}
            >
              Read the words again
            </button>
          )}
          {action === "device" && wish !== undefined && (
            <button
              type="button"
              onClick={() => session.answerHere()}
            >
              Answer on this device
            </button>
          )}
          {action === "rebase" && wish !== undefined && (
            <button
              type="button"
              onClick={() => session.rebase()}
            >
              Read the conversation anew
            </button>
          )}
          {action === "settings" && (
            <button type="button" onClick={openSettings}>Settings</button>
          )}
          <button
            type="button"
            class="quiet"
            onClick={() => session.dismiss()}
          >
            {wish?.kind === "say" ? "Take the message back" : "Dismiss"}
          </button>
        </p>
      </div>
    </article>
  );
}

/** Keeps the end in view, unless somebody reads further up. */
function Scroll(
  { head, children }: { head: string | null; children: ComponentChild },
): ComponentChild {
  const { session } = useParts();
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const keep = () => {
    const { current } = box;
    if (current && follows.current) current.scrollTop = current.scrollHeight;
  };
  useLayoutEffect(() => {
    follows.current = true;
    keep();
  }, [head]);
  useEffect(() => {
    const { current } = box;
    const content = current?.firstElementChild;
    if (!current || !content) return;
    const sizes = new ResizeObserver(keep);
    sizes.observe(content);
    sizes.observe(current);
    const end = watch(session.live, () => {
      if (session.live.value?.answer === "") follows.current = true;
    });
    return () => {
      sizes.disconnect();
      end();
    };
  }, []);
  return (
    <div
      class="scroll"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label="Turns"
      onScroll={(
        { currentTarget: { scrollTop, scrollHeight, clientHeight } },
      ) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 48;
      }}
    >
      <div class="column">{children}</div>
    </div>
  );
}
