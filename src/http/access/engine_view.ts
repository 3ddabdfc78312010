/**
 * An engine whose turns and scores go another way, and which is otherwise the one
 * behind it, as that is at the moment.
 *
 * @module
 */

import type { Engine } from "../../engine/engine.ts";

/** Sees `engine` with `ways` of its own to answer. */
export function engineView(
  engine: Engine,
  ways: Pick<Engine, "generate" | "score">,
): Engine {
  return {
    model: engine.model,
    format: engine.format,
    tokenizer: engine.tokenizer,
    get ready() {
      return engine.ready;
    },
    get load() {
      return engine.load;
    },
    expectRoom: (tenant) => engine.expectRoom(tenant),
    ...ways,
    dispose: () => engine.dispose(),
  };
}
