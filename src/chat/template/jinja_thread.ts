/**
 * Jinja in a thread of its own: a template is given a bounded time, and a thread
 * that exceeds it is ended.
 *
 * @module
 */

import { RestartingWorker, WorkerFailure } from "../../worker/worker_client.ts";
import type {
  JinjaQuestion,
  JinjaReply,
  OpenInterpreter,
} from "./jinja_interpreter.ts";

/** Milliseconds that one question may take, and those of a thread that starts. */
const TEMPLATE_PATIENCE = 2000, THREAD_START_PATIENCE = 8000;

/**
 * Interpreters in threads; none is started before the first text.
 *
 * @param patience Milliseconds that a question may take.
 * @param starting Milliseconds that the first one of a thread may take besides.
 */
export function jinjaThread(
  patience = TEMPLATE_PATIENCE,
  starting = THREAD_START_PATIENCE,
): OpenInterpreter {
  return (source) => {
    const worker = new RestartingWorker<JinjaQuestion, JinjaReply>({
      open: () =>
        new Worker(new URL("./jinja_worker.ts", import.meta.url), {
          type: "module",
        }),
      patience,
      starting,
    });
    return {
      async write(values): Promise<JinjaReply> {
        try {
          return await worker.call({ source, values });
        } catch (error) {
          if (!(error instanceof WorkerFailure)) throw error;
          return {
            failure: error.reason === "late"
              ? `it takes longer than ${patience} ms`
              : error.message,
            hopeless: true,
          };
        }
      },
      close: () => worker.close(),
    };
  };
}
