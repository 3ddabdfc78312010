/**
 * What there is to see before the first message.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useParts } from "./page_context.ts";
import { Mark } from "./icon.tsx";

const OPENING_PROMPTS = [
  "My name is Dave.",
  "I have a dog named Rex.",
  "What can you do?",
];

/** The idea, in ten seconds. */
export function Welcome(): ComponentChild {
  const { session } = useParts();
  return (
    <section class="welcome" aria-labelledby="welcome">
      <Mark />
      <h2 id="welcome">A chat whose memory is a file you hold</h2>
      <p>
        Every answer brings the model's whole memory back as one small sealed
        file, always of the same size. It stays here, in your browser. The
        server keeps nothing.
      </p>
      <ol class="idea">
        <li>
          <b>Say</b> something. The memory changes; its size does not.
        </li>
        <li>
          <b>Save</b> it, like a game. Load it, fork it, take it with you.
        </li>
        <li>
          <b>Go back</b> to any turn and go on from there.
        </li>
      </ol>
      <p class="openings">
        {OPENING_PROMPTS.map((text) => (
          <button
            type="button"
            onClick={() => session.say(text)}
          >
            {text}
          </button>
        ))}
      </p>
    </section>
  );
}
