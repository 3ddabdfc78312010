/**
 * Telemetry: metrics, traces, the log. The composition root says which; the
 * program works the same without any.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { StepReport } from "../engine/turn_observer.ts";
import type { RequestRecord } from "./request_record.ts";

/** Told what happens. Must not throw; what it has no method for, it is not told. */
export interface Observer {
  /** A request has come. */
  begun?(record: RequestRecord): void;
  /** The status of its answer is known; turns may be under way. */
  answered?(record: RequestRecord): void;
  /** All its work is done. */
  finished?(record: RequestRecord): void;
  /** A model takes requests from now on. */
  serving?(engine: Engine): void;
  /** It is unloaded. */
  retired?(engine: Engine): void;
  /** A model has made a step. */
  stepped?(model: string, report: StepReport): void;
  /** A model's device was lost, or could not be had again. */
  lost?(model: string): void;
}

/** Tells several observers. */
export function together(observers: readonly Observer[]): Required<Observer> {
  return {
    begun: (record) => observers.forEach((o) => o.begun?.(record)),
    answered: (record) => observers.forEach((o) => o.answered?.(record)),
    finished: (record) => observers.forEach((o) => o.finished?.(record)),
    serving: (engine) => observers.forEach((o) => o.serving?.(engine)),
    retired: (engine) => observers.forEach((o) => o.retired?.(engine)),
    stepped: (model, report) =>
      observers.forEach((o) => o.stepped?.(model, report)),
    lost: (model) => observers.forEach((o) => o.lost?.(model)),
  };
}
