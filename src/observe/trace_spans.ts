/**
 * Traces through OpenTelemetry's interface. Where nobody has set up a tracer, a
 * request costs one look for its span.
 *
 * The span of a request is the runtime's; Deno makes one under `OTEL_DENO=true`.
 * The parts of a request become spans under it once the request is over, with the
 * times at which they happened: work of several requests shares a step, so no
 * span could be the current one while it goes on.
 *
 * @module
 */

import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Observer } from "./request_observer.ts";
import type { PhaseRecord, RequestRecord } from "./request_record.ts";

/** What the request's span is, and what its parts hang on. */
interface Parent {
  readonly span: Span;
  readonly context: Context;
}

/** Writes the spans of requests. */
export function spans(version: string): Observer {
  const tracer = trace.getTracer("gosling", version);
  const parents = new WeakMap<RequestRecord, Parent>();
  return {
    begun(record): void {
      const span = trace.getActiveSpan();
      if (span?.isRecording() !== true) return;
      parents.set(record, { span, context: context.active() });
    },
    answered(record): void {
      const { route, tenant } = record.answer;
      const span = parents.get(record)?.span;
      if (span === undefined) return;
      span.updateName(
        route === "" ? record.method : `${record.method} ${route}`,
      );
      span.setAttributes({
        "gosling.request_id": record.id,
        ...(route !== "" && { "http.route": route }),
        ...(tenant !== "" && { "gosling.tenant": tenant }),
        ...(record.code !== undefined && { "error.type": record.code }),
      });
    },
    finished(record): void {
      const parent = parents.get(record);
      if (parent === undefined) return;
      for (const phase of record.phases) {
        tracer.startSpan(phase.name, {
          startTime: wallTime(phase.from),
          attributes: {
            "gosling.request_id": record.id,
            ...(phase.model !== undefined &&
              { "gen_ai.request.model": phase.model }),
            ...tokenAttributes(phase),
            ...stateAttributes(phase),
          },
        }, parent.context).end(wallTime(phase.to));
      }
      if (record.code === undefined || !parent.span.isRecording()) return;
      parent.span.setStatus({
        code: SpanStatusCode.ERROR,
        message: record.code,
      });
    },
  };
}

/** Named after OpenTelemetry's conventions for generative models, where they fit. */
function tokenAttributes({ name, tokens }: PhaseRecord): Attributes {
  if (tokens === undefined) return {};
  return name === "prefill"
    ? { "gen_ai.usage.input_tokens": tokens }
    : { "gen_ai.usage.output_tokens": tokens };
}

function stateAttributes({ state }: PhaseRecord): Attributes {
  return state === undefined ? {} : {
    "gosling.state.codec": state.codec,
    "gosling.state.bytes": state.bytes,
  };
}

/** Milliseconds since 1970 of a `performance.now()`. */
function wallTime(at: number): number {
  return performance.timeOrigin + at;
}
