/**
 * `@gosling/engine/templates`: chat templates of a model's own, written where they
 * are called. A template may take as long as it likes there: open models that you
 * trust, or in a worker.
 *
 * @module
 */

import type {
  OpenInterpreter,
  TemplateInterpreter,
} from "../chat/template/jinja_interpreter.ts";
import { renderJinja } from "../chat/template/jinja_render.ts";

/** What `open` takes as `jinja`. */
export const jinja: OpenInterpreter = (
  source: string,
): TemplateInterpreter => ({
  write: (values) => Promise.resolve(renderJinja({ source, values })),
  close(): void {},
});
