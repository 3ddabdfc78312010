/**
 * An observer that is loaded while the program is at work already, and is told then
 * what has happened so far.
 *
 * @module
 */

import type { Observer } from "./request_observer.ts";

/** Keeps what happens until the observer is there. */
export class LateObserver<T extends Observer> implements Required<Observer> {
  readonly #load: () => Promise<T>;
  #waiting: ((observer: T) => void)[] = [];
  #observer: T | undefined;
  #loading: Promise<T> | undefined;

  /** Loads nothing until {@linkcode loaded} is asked for. */
  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** The observer, once it has been told everything; the first call loads it. */
  loaded(): Promise<T> {
    return this.#loading ??= this.#load().then((observer) => {
      for (const tell of this.#waiting) tell(observer);
      this.#waiting = [];
      return this.#observer = observer;
    });
  }

  /** See {@linkcode Observer.begun}. */
  begun(...args: Parameters<Required<Observer>["begun"]>): void {
    this.#tell((observer) => observer.begun?.(...args));
  }

  /** See {@linkcode Observer.answered}. */
  answered(...args: Parameters<Required<Observer>["answered"]>): void {
    this.#tell((observer) => observer.answered?.(...args));
  }

  /** See {@linkcode Observer.finished}. */
  finished(...args: Parameters<Required<Observer>["finished"]>): void {
    this.#tell((observer) => observer.finished?.(...args));
  }

  /** See {@linkcode Observer.serving}. */
  serving(...args: Parameters<Required<Observer>["serving"]>): void {
    this.#tell((observer) => observer.serving?.(...args));
  }

  /** See {@linkcode Observer.retired}. */
  retired(...args: Parameters<Required<Observer>["retired"]>): void {
    this.#tell((observer) => observer.retired?.(...args));
  }

  /** See {@linkcode Observer.stepped}. */
  stepped(...args: Parameters<Required<Observer>["stepped"]>): void {
    this.#tell((observer) => observer.stepped?.(...args));
  }

  /** See {@linkcode Observer.lost}. */
  lost(...args: Parameters<Required<Observer>["lost"]>): void {
    this.#tell((observer) => observer.lost?.(...args));
  }

  #tell(tell: (observer: T) => void): void {
    if (this.#observer === undefined) this.#waiting.push(tell);
    else tell(this.#observer);
  }
}
