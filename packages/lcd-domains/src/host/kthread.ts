import { LockHolder } from "./lock";

/** A thread of the host itself: TypeScript code, an async function. It holds locks under its own name. */
export class Kthread {
  readonly id: number;
  readonly name: string;
  readonly locks: LockHolder;
  private stopping = false;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
    this.locks = new LockHolder(name);
  }

  /** Whether somebody asked it to end; a thread that loops looks at this. */
  get shouldStop(): boolean {
    return this.stopping;
  }

  /** Asks it to end. */
  stop(): void {
    this.stopping = true;
  }
}

/** The kthreads that exist. */
export class KthreadTable {
  private readonly running = new Set<Kthread>();
  private nextId = 1;

  get count(): number {
    return this.running.size;
  }

  /** Starts a kthread on `body`, and gives what it gives. */
  async run<T>(name: string, body: (self: Kthread) => T | Promise<T>): Promise<T> {
    const kthread = this.begin(name);
    try {
      return await body(kthread);
    } finally {
      this.end(kthread);
    }
  }

  /** A kthread whose body is code that calls in from outside, until {@link end}. */
  begin(name: string): Kthread {
    const kthread = new Kthread(this.nextId++, name);
    this.running.add(kthread);
    return kthread;
  }

  end(kthread: Kthread): void {
    this.running.delete(kthread);
  }
}
