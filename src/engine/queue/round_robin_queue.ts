/**
 * A line in which nobody waits for all of somebody else's turns: tenants are
 * served by turns, and the turns of one tenant in the order they came.
 *
 * @module
 */

/** Items that wait, each a tenant's. */
export class RoundRobinQueue<T> {
  /** Whose turn it is first. No tenant is here without an item. */
  readonly #lines = new Map<string, T[]>();
  #length = 0;

  /** Items that wait. */
  get length(): number {
    return this.#length;
  }

  /** Tenants that wait. */
  get tenants(): number {
    return this.#lines.size;
  }

  /** Items of one tenant that wait. */
  lengthOf(tenant: string): number {
    return this.#lines.get(tenant)?.length ?? 0;
  }

  /** Puts an item behind its tenant's others. */
  push(tenant: string, item: T): void {
    this.#line(tenant).push(item);
    this.#length++;
  }

  /** Puts an item before its tenant's others. */
  unshift(tenant: string, item: T): void {
    this.#line(tenant).unshift(item);
    this.#length++;
  }

  /** Takes the next item. Its tenant's next one comes after everybody else's. */
  shift(): T | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [tenant, line] = first;
    const item = line.shift();
    this.#length--;
    this.#lines.delete(tenant);
    if (line.length > 0) this.#lines.set(tenant, line);
    return item;
  }

  /** Takes an item out of the line; says whether it was there. */
  remove(tenant: string, item: T): boolean {
    const line = this.#lines.get(tenant) ?? [];
    const place = line.indexOf(item);
    if (place < 0) return false;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(tenant);
    this.#length--;
    return true;
  }

  /** Takes everything out. */
  clear(): T[] {
    const items = [...this.#lines.values()].flat();
    this.#lines.clear();
    this.#length = 0;
    return items;
  }

  #line(tenant: string): T[] {
    let line = this.#lines.get(tenant);
    if (line === undefined) {
      line = [];
      this.#lines.set(tenant, line);
    }
    return line;
  }
}
