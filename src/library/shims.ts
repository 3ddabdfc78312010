/**
 * What engines from 2023 on lack of the language; the builder puts these in the
 * place of the originals where those are named, and changes no global.
 *
 * @module
 */

/** `Promise.withResolvers`, missing from Node.js 20. */
export function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>["resolve"];
  let reject!: PromiseWithResolvers<T>["reject"];
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
