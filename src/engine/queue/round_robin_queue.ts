/**
 * A line in which nobody waits for all of somebody else's turns: tenants are
 * served by turns, and the turns of one tenant in the order they came.
 *
 * @module
 */

/** Items that wait, each a tenant's. */
export class RoundRobinQueue<T> {
  /** Whose turn it is first. No tenant is here without an item. */
  readonly #tenantQueues = new Map<string, T[]>();
  #queueLength = 0;

  /** Items that wait. */
  get length(): number {
    return this.#queueLength;
  }

  /** Tenants that wait. */
  get tenants(): number {
    return this.#tenantQueues.size;
  }

  /** Items of one tenant that wait. */
  lengthOf(tenant: string): number {
    return this.#tenantQueues.get(tenant)?.length ?? 0;
  }

  /** Puts an item behind its tenant's others. */
  push(tenant: string, item: T): void {
    this.#tenantQueue(tenant).push(item);
    this.#queueLength++;
  }

  /** Puts an item before its tenant's others. */
  unshift(tenant: string, item: T): void {
    this.#tenantQueue(tenant).unshift(item);
    this.#queueLength++;
  }

  /** Takes the next item. Its tenant's next one comes after everybody else's. */
  shift(): T | undefined {
    const [first] = this.#tenantQueues;
    if (first === undefined) return undefined;
    const [tenant, line] = first;
    const item = line.shift();
    this.#queueLength--;
    this.#tenantQueues.delete(tenant);
    if (line.length > 0) this.#tenantQueues.set(tenant, line);
    return item;
  }

  /** Takes an item out of the line; says whether it was there. */
  remove(tenant: string, item: T): boolean {
    const line = this.#tenantQueues.get(tenant) ?? [];
    const place = line.indexOf(item);
    if (place < 0) return false;
    line.splice(place, 1);
    if (line.length === 0) this.#tenantQueues.delete(tenant);
    this.#queueLength--;
    return true;
  }

  /** Takes everything out. */
  clear(): T[] {
    const items = [...this.#tenantQueues.values()].flat();
    this.#tenantQueues.clear();
    this.#queueLength = 0;
    return items;
  }

  #tenantQueue(tenant: string): T[] {
    let line = this.#tenantQueues.get(tenant);
    if (line === undefined) {
      line = [];
      this.#tenantQueues.set(tenant, line);
    }
    return line;
  }
}
