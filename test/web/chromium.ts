/**
 * Where this machine has its Chromium, and the shell of it that has no window.
 *
 * @module
 */

const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The same engine without a window, menus and their drawing. */
const SHELL = "/usr/lib/chromium/chromium-headless-shell";

/** The path of a Chromium: that of `CHROMIUM`, or one of the usual. */
export async function findChromium(): Promise<string | undefined> {
  return await firstOf(named() ?? PATHS);
}

/**
 * The path of what opens pages for the least processor time: that of `CHROMIUM`,
 * the headless shell, or a whole Chromium.
 */
export async function findHeadless(): Promise<string | undefined> {
  return await firstOf(named() ?? [SHELL, ...PATHS]);
}

/** Whether pages open in the headless shell, or in what `CHROMIUM` names. */
export async function hasShell(): Promise<boolean> {
  return await firstOf(named() ?? [SHELL]) !== undefined;
}

function named(): string[] | undefined {
  const path = Deno.env.get("CHROMIUM");
  return path === undefined ? undefined : [path];
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await Deno.stat(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}
