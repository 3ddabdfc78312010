/**
 * Keeps several processes alive: starts them one after the other, starts again
 * what dies, ends what hangs, hands signals on, and ends them all.
 *
 * @module
 */

/** A process of the program. */
export interface Replica {
  /** Resolves when it takes requests, or has ended before. */
  readonly listening: Promise<boolean>;
  /** Resolves when it has ended, to how: an exit code or a signal. */
  readonly ended: Promise<string>;
  /** Resolves when it has answered: its event loop turns. */
  answers(): Promise<void>;
  /** Sends it a signal; does nothing once it has ended. */
  signal(name: Deno.Signal): void;
}

/** What a supervisor looks after. */
export interface ReplicaSupervisorOptions {
  /** How many replicas. */
  readonly count: number;
  /** Starts the replica of this place, counted from 0. */
  readonly start: (place: number) => Replica;
  /** Told of every end that nobody asked for. */
  readonly note: (line: string) => void;
  /** Milliseconds that a replica gets to end before it is killed. */
  readonly patience?: number;
  /** Waits so many milliseconds; the clock's own by default. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** Milliseconds before a replica is started again, first and at most. */
const FIRST_RESTART_PAUSE = 250, LONGEST_RESTART_PAUSE = 30_000;

/** Milliseconds after which a replica counts as healthy again. */
const HEALTHY = 60_000;

/**
 * Milliseconds between two questions to a replica, for an answer, and how many in a row
 * may have none: a machine that is all at work, or just awake, may be slow.
 */
const HEALTH_CHECK_EVERY = 5000,
  HEALTH_CHECK_PATIENCE = 10_000,
  MOST_MISSED_CHECKS = 3;

/** Milliseconds that replicas get to end: a little more than they allow turns. */
const REPLICA_END_PATIENCE = 15_000;

/** Replicas, and what becomes of them. */
export class Supervisor {
  readonly #supervisorOptions: ReplicaSupervisorOptions;
  readonly #replicas = new Map<number, Replica>();
  /** Places whose replica has been told to end, and will be started again. */
  readonly #replaced = new Set<number>();
  readonly #keepers: Promise<void>[] = [];
  #endingReplicas = false;

  /** Starts nothing yet. */
  constructor(options: ReplicaSupervisorOptions) {
    this.#supervisorOptions = options;
  }

  /**
   * Starts every replica, the first before the others.
   *
   * @returns Whether the first one came to listen: if not, the fault is not one
   * that another start repairs, and nothing is left running.
   */
  async start(): Promise<boolean> {
    if (!await this.#launchReplica(0).listening) return false;
    for (let place = 1; place < this.#supervisorOptions.count; place++) {
      if (!this.#endingReplicas) this.#launchReplica(place);
    }
    await Promise.all(
      [...this.#replicas.values()].map(({ listening }) => listening),
    );
    for (let place = 0; place < this.#supervisorOptions.count; place++) {
      this.#keepers.push(this.#keepRunning(place));
    }
    return true;
  }

  /** Resolves when every replica has ended because of {@linkcode end}. */
  async ended(): Promise<void> {
    await Promise.all(this.#keepers);
  }

  /** Sends every replica a signal. */
  signal(name: Deno.Signal): void {
    for (const replica of this.#replicas.values()) replica.signal(name);
  }

  /** Ends every replica: at first gently, the second time at once. */
  end(): void {
    const gently = !this.#endingReplicas;
    this.#endingReplicas = true;
    for (const replica of this.#replicas.values()) {
      if (gently) void this.#stopReplica(replica);
      else replica.signal("SIGKILL");
    }
  }

  /** Ends one replica after the other, each once the one before listens again. */
  async replace(): Promise<void> {
    for (let place = 0; place < this.#supervisorOptions.count; place++) {
      const old = this.#replicas.get(place);
      if (old === undefined || this.#endingReplicas) return;
      this.#replaced.add(place);
      await this.#stopReplica(old);
      // Its keeper starts the next one as soon as it hears of the end.
      while (this.#replicas.get(place) === old && !this.#endingReplicas) {
        await this.#restartPause(10);
      }
      await this.#replicas.get(place)?.listening;
    }
  }

  #launchReplica(place: number): Replica {
    const replica = this.#supervisorOptions.start(place);
    this.#replicas.set(place, replica);
    return replica;
  }

  /** Starts the replica of a place again whenever it has ended. */
  async #keepRunning(place: number): Promise<void> {
    let pause = FIRST_RESTART_PAUSE;
    for (;;) {
      const started = this.#now();
      const replica = this.#replicas.get(place);
      const how = replica && await this.#watched(place, replica);
      if (this.#endingReplicas) return;
      if (this.#replaced.delete(place)) {
        this.#launchReplica(place);
        continue;
      }
      if (this.#now() - started > HEALTHY) pause = FIRST_RESTART_PAUSE;
      this.#supervisorOptions.note(
        `Replica ${place + 1} ended (${how}); it starts again in ${pause} ms`,
      );
      await this.#restartPause(pause);
      if (this.#endingReplicas) return;
      pause = Math.min(2 * pause, LONGEST_RESTART_PAUSE);
      this.#launchReplica(place);
    }
  }

  /** How a replica ended; one that does not answer is made to. */
  async #watched(place: number, replica: Replica): Promise<string> {
    let over = false;
    const ended = replica.ended.then((how) => (over = true, how));
    const ask = async () => {
      // Until it listens it may have a model to load.
      await Promise.race([replica.listening, ended]);
      for (let misses = 0; !over && misses < MOST_MISSED_CHECKS;) {
        await Promise.race([this.#restartPause(HEALTH_CHECK_EVERY), ended]);
        if (over) return;
        const answered = await Promise.race([
          replica.answers().then(() => true),
          this.#restartPause(HEALTH_CHECK_PATIENCE).then(() => false),
          ended.then(() => true),
        ]);
        misses = answered ? 0 : misses + 1;
      }
      // One that was told to end may have nothing more to say.
      if (over || this.#endingReplicas || this.#replaced.has(place)) return;
      this.#supervisorOptions.note(
        `Replica ${place + 1} does not answer; it is ended`,
      );
      replica.signal("SIGKILL");
    };
    void ask();
    return await ended;
  }

  async #stopReplica(replica: Replica): Promise<void> {
    replica.signal("SIGTERM");
    const { patience = REPLICA_END_PATIENCE } = this.#supervisorOptions;
    const late = setTimeout(() => replica.signal("SIGKILL"), patience);
    await replica.ended;
    clearTimeout(late);
  }

  #now(): number {
    const { now = () => performance.now() } = this.#supervisorOptions;
    return now();
  }

  #restartPause(milliseconds: number): Promise<void> {
    const { pause = sleep } = this.#supervisorOptions;
    return pause(milliseconds);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
