/**
 * The page's beginning.
 *
 * @module
 */

import { render } from "preact";
import { followServer } from "./chat/server_state.ts";
import { Session } from "./chat/session.ts";
import { Notebook } from "./notebook/notebook.ts";
import { Library } from "./store/conversation_library.ts";
import { followSettings } from "./store/settings.ts";
import { App } from "./view/app.tsx";
import { say } from "./view/page_context.ts";

followSettings();
followServer();

const library = new Library();
if (!await library.open()) {
  say(
    "This browser keeps no storage here: what you save is gone once the tab " +
      "is closed. Export it.",
  );
}
const session = new Session(library);
const notebook = new Notebook(library, session);
render(<App parts={{ library, session, notebook }} />, document.body);

// So that the page opens where the server, or the network, is away.
try {
  navigator.serviceWorker?.register("worker.js").catch(() => undefined);
} catch {
  // Browsers that keep no storage may not even name it.
}
