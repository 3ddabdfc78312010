/**
 * Sizes, times and ages as people read them.
 *
 * @module
 */

/** `53.8 kB`: decimal units, three figures. */
export function formatSize(count: number): string {
  return count === 0 ? "0" : scaledUnits(count, ["B", "kB", "MB", "GB", "TB"]);
}

/** `12.4k`: three figures. */
export function number(count: number): string {
  return count < 10_000
    ? count.toLocaleString("en")
    : scaledUnits(count, ["", "k", "M", "G", "T"]).replace(" ", "");
}

/** `41 ms`, `1.32 s`. */
export function duration(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1) return `${Math.round(1000 * ms)} µs`;
  if (ms < 1000) return `${significantFigures(ms)} ms`;
  if (ms < 120_000) return `${significantFigures(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `just now`, `5 min ago`, `3 days ago`. */
export function age(at: number, now = Date.now()): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  if (days < 60) return days === 1 ? "yesterday" : `${days} days ago`;
  return new Date(at).toLocaleDateString();
}

function scaledUnits(count: number, units: readonly string[]): string {
  let i = 0;
  while (count >= 999.5 && i < units.length - 1) {
    count /= 1000;
    i++;
  }
  return `${significantFigures(count)} ${units[i]}`;
}

function significantFigures(value: number): string {
  return value >= 100 || Number.isInteger(value)
    ? String(Math.round(value))
    : String(Number(value.toPrecision(3)));
}
