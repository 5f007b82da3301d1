import { KernelError } from "lcd-arch-x86";

/**
 * The order in which a holder may take locks: only one with a higher rank than all that it holds.
 * So no two holders can wait for each other.
 */
export const LockRank = {
  /** The table of loaded modules: held while a module is asked for, loaded and counted. */
  modules: 1,
} as const;

/** Who holds locks: a kthread, or one call into the microkernel. */
export class LockHolder {
  readonly name: string;
  private readonly held: Mutex[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Highest rank among the locks that it holds; 0 when it holds none. */
  get rank(): number {
    return this.held.reduce((highest, lock) => Math.max(highest, lock.rank), 0);
  }

  /** Told by the lock only. */
  took(lock: Mutex): void {
    this.held.push(lock);
  }

  /** Told by the lock only. */
  gave(lock: Mutex): void {
    this.held.splice(this.held.indexOf(lock), 1);
  }
}

/** A lock for what is read and written across an `await`. Waiters get it first come first served. */
export class Mutex {
  readonly name: string;
  readonly rank: number;
  private holder: LockHolder | null = null;
  private readonly waiters: { holder: LockHolder; wake: () => void }[] = [];

  constructor(name: string, rank: number) {
    this.name = name;
    this.rank = rank;
  }

  get locked(): boolean {
    return this.holder !== null;
  }

  /**
   * Runs `body` with the lock held; gives it back however `body` ends.
   *
   * @throws KernelError EDEADLK when `holder` holds a lock of the same or a higher rank
   */
  async with<T>(holder: LockHolder, body: () => T | Promise<T>): Promise<T> {
    if (holder.rank >= this.rank) {
      throw new KernelError(
        "EDEADLK",
        `${holder.name} asks for lock ${this.name} of rank ${this.rank} while it holds one of rank ${holder.rank}`,
      );
    }
    if (this.holder === null) this.holder = holder;
    else await new Promise<void>((wake) => this.waiters.push({ holder, wake }));
    holder.took(this);
    try {
      return await body();
    } finally {
      holder.gave(this);
      const next = this.waiters.shift();
      this.holder = next?.holder ?? null;
      next?.wake();
    }
  }
}
