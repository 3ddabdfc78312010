/**
 * How long ago, in words.
 *
 * @module
 */

const TIME_UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/**
 * `3 days ago`, by the largest unit of which there is one.
 *
 * @param then In milliseconds of Unix time.
 */
export function timeAgo(then: number, now: number = Date.now()): string {
  const seconds = (now - then) / 1000;
  const [unit, name] = TIME_UNITS.find(([unit]) => seconds >= unit) ?? [];
  if (unit === undefined) return "just now";
  const count = Math.floor(seconds / unit);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}
