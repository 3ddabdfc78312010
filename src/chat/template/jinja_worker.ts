/**
 * The thread that writes chats with a model's template. A template comes with a
 * model, and may run for ever, so nothing else lives here.
 *
 * @module
 */

import { serveCalls } from "../../worker/serve_calls.ts";
import type { JinjaQuestion, JinjaReply } from "./jinja_interpreter.ts";
import { renderJinja } from "./jinja_render.ts";

serveCalls<undefined, JinjaQuestion, JinjaReply>(() => (question, respond) =>
  respond(renderJinja(question))
);
