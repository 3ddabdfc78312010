/**
 * The service worker: keeps the page itself, so that saves can be looked at and
 * taken along where the server is away. What is on the server goes first.
 *
 * @module
 */

/** The library `webworker` would hide the window from the rest of the page. */
interface WorkEvent extends Event {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}
export {};

declare const self: {
  readonly clients: { claim(): Promise<void> };
  addEventListener(
    type: "install" | "activate" | "fetch",
    listener: (event: WorkEvent) => void,
  ): void;
  skipWaiting(): Promise<void>;
};

const SHELF = "gosling-page";
/** Where the page lies, on its own or in a folder of some host. */
const HOME = new URL("./", location.href);
const CACHED_PAGE = [
  "./",
  "page.js",
  "page.css",
  "icon.svg",
  "curse.json",
  "engine.js",
  "thread.js",
  "manifest.webmanifest",
].map((name) => new URL(name, HOME).pathname);

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELF).then((shelf) => shelf.addAll(CACHED_PAGE))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (
    origin === location.origin && event.request.method === "GET" &&
    CACHED_PAGE.includes(pathname)
  ) event.respondWith(answerFromTab(event.request, pathname));
});

async function answerFromTab(
  request: Request,
  path: string,
): Promise<Response> {
  const shelf = await caches.open(SHELF);
  try {
    const response = await fetch(request);
    if (response.ok) await shelf.put(path, response.clone());
    return response;
  } catch (error) {
    const kept = await shelf.match(path);
    if (kept === undefined) throw error;
    return kept;
  }
}
