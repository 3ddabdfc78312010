/**
 * An observer that is loaded while the program is at work already, and is told then
 * what has happened so far.
 *
 * @module
 */

import type { Observer } from "./request_observer.ts";

/** Keeps what happens until the observer is there. */
export class LazyObserver<T extends Observer> implements Required<Observer> {
  readonly #loadObserver: () => Promise<T>;
  #waitingReports: ((observer: T) => void)[] = [];
  #observer: T | undefined;
  #observerLoading: Promise<T> | undefined;

  /** Loads nothing until {@linkcode loaded} is asked for. */
  constructor(load: () => Promise<T>) {
    this.#loadObserver = load;
  }

  /** The observer, once it has been told everything; the first call loads it. */
  loaded(): Promise<T> {
    return this.#observerLoading ??= this.#loadObserver().then((observer) => {
      for (const tell of this.#waitingReports) tell(observer);
      this.#waitingReports = [];
      return this.#observer = observer;
    });
  }

  /** See {@linkcode Observer.begun}. */
  begun(...args: Parameters<Required<Observer>["begun"]>): void {
    this.#tellObserver((observer) => observer.begun?.(...args));
  }

  /** See {@linkcode Observer.answered}. */
  answered(...args: Parameters<Required<Observer>["answered"]>): void {
    this.#tellObserver((observer) => observer.answered?.(...args));
  }

  /** See {@linkcode Observer.finished}. */
  finished(...args: Parameters<Required<Observer>["finished"]>): void {
    this.#tellObserver((observer) => observer.finished?.(...args));
  }

  /** See {@linkcode Observer.serving}. */
  serving(...args: Parameters<Required<Observer>["serving"]>): void {
    this.#tellObserver((observer) => observer.serving?.(...args));
  }

  /** See {@linkcode Observer.retired}. */
  retired(...args: Parameters<Required<Observer>["retired"]>): void {
    this.#tellObserver((observer) => observer.retired?.(...args));
  }

  /** See {@linkcode Observer.stepped}. */
  stepped(...args: Parameters<Required<Observer>["stepped"]>): void {
    this.#tellObserver((observer) => observer.stepped?.(...args));
  }

  /** See {@linkcode Observer.lost}. */
  lost(...args: Parameters<Required<Observer>["lost"]>): void {
    this.#tellObserver((observer) => observer.lost?.(...args));
  }

  #tellObserver(tell: (observer: T) => void): void {
    if (this.#observer === undefined) this.#waitingReports.push(tell);
    else tell(this.#observer);
  }
}
