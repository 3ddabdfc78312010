/**
 * When an answer begins. Deno notices that a client has gone once its answer has
 * begun; before that, only where the whole request fit in the first 512 bytes
 * (measured, Deno 2.9.6: the request's signal stays silent otherwise). So an
 * answer that takes long begins before there is anything to say.
 *
 * @module
 */

/**
 * Milliseconds after which an answer begins, whatever comes of it. What is refused
 * is refused sooner; only a device that goes away later has lost its status code.
 */
export const PATIENCE_MS = 2000;

/** What `promise` gives within `ms`, else nothing. */
export async function raceTimeout<T>(
  promise: Promise<T>,
  ms: number,
): Promise<{ readonly value: T } | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
