/**
 * A model as one request sees it: what it asks for is noted in the request's
 * record. Routes know nothing of it.
 *
 * @module
 */

import type { Engine, Turn, TurnEvent } from "../../engine/engine.ts";
import type { Grammars } from "../../grammar/grammar.ts";
import type { RequestRecord } from "../../observe/record.ts";
import type { CodecName } from "../../state/save.ts";
import { engineView } from "./engine_view.ts";
import { codeOf } from "../problem.ts";
import type { Sealer, Services } from "../services.ts";

/** Notes in `record` what is asked of `services`. */
export function instrument(
  services: Services,
  record: RequestRecord,
): Services {
  return {
    ...services,
    engine: instrumentedEngine(services.engine, record),
    vault: instrumentedVault(services.vault, record),
    grammars: instrumentedGrammars(services.grammars, record),
  };
}

function instrumentedEngine(engine: Engine, record: RequestRecord): Engine {
  return engineView(engine, {
    generate: (turn, signal) => instrumentedTurn(engine, turn, signal, record),
    async score(query, signal) {
      const turn = record.turn(engine.model.id);
      try {
        const scores = await engine.score(query, signal);
        turn.end = "length";
        turn.read = scores.reduce((sum, { length }) => sum + length, 0);
        return scores;
      } catch (error) {
        if (!signal.aborted) turn.end = "failed";
        throw error;
      }
    },
  });
}

async function* instrumentedTurn(
  engine: Engine,
  turn: Turn,
  signal: AbortSignal,
  record: RequestRecord,
): AsyncGenerator<TurnEvent, void> {
  const observer = record.turn(engine.model.id);
  record.hold();
  try {
    for await (const event of engine.generate({ ...turn, observer }, signal)) {
      if (event.type === "done") observer.done(event);
      else observer.firstTextAt ??= performance.now();
      yield event;
    }
  } catch (error) {
    observer.end = "failed";
    record.code ??= codeOf(error);
    throw error;
  } finally {
    record.release();
  }
}

function instrumentedVault(vault: Sealer, record: RequestRecord): Sealer {
  const opening = async <T>(
    token: string | Uint8Array,
    open: (seen: (codec: CodecName) => void) => Promise<T>,
  ) => {
    const from = performance.now();
    let codec: CodecName | undefined;
    try {
      return await open((seen) => codec = seen);
    } finally {
      record.ended("open", from, codec && { codec, bytes: token.length });
    }
  };
  const sealing = async <T extends { bytes: number; codec: CodecName }>(
    seal: () => Promise<T>,
  ) => {
    const from = performance.now();
    const sealed = await seal();
    const { bytes, codec } = sealed;
    record.ended("seal", from, { bytes, codec });
    return sealed;
  };
  return {
    open: (token, options) =>
      opening(token, (seen) => vault.open(token, { ...options, seen })),
    read: (token, options) =>
      opening(token, async (seen) => {
        const file = await vault.read(token, options);
        seen(file.codec);
        return file;
      }),
    seal: (save, options) => sealing(() => vault.seal(save, options)),
    sealBytes: (save, options) => sealing(() => vault.sealBytes(save, options)),
  };
}

function instrumentedGrammars(
  grammars: Grammars,
  record: RequestRecord,
): Grammars {
  return {
    prepare: (...args) => grammars.prepare(...args),
    async open(...args) {
      const from = performance.now();
      // Its turn begins afterwards, and an answer may have begun without it.
      record.hold();
      try {
        const constraint = await grammars.open(...args);
        record.ended("grammar", from);
        return {
          get mask() {
            return constraint.mask;
          },
          accept: (token) => constraint.accept(token),
          close(): void {
            constraint.close();
            record.release();
          },
        };
      } catch (error) {
        record.code ??= codeOf(error);
        record.release();
        throw error;
      }
    },
    close: () => grammars.close(),
  };
}
