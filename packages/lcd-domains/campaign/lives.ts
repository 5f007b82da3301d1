import { KernelError } from "lcd-arch-x86";
import {
  type HostKernel,
  type Lcd,
  lcd_config,
  lcd_create,
  lcd_destroy,
  lcd_run,
  lcd_suspend,
  lcd_thread_kill,
  lcd_thread_start,
  type ThreadResult,
} from "../src";
import { SeededRandom } from "../src/host/random";
import { type Campaign, runCases, type Totals } from "./cases";
import { GuardedHost } from "./host";

const names = [
  "hello",
  "params",
  "memory",
  "asker",
  "spin",
  "divide",
  "wild-write",
  "no-init",
  "unknown-symbol",
  "no-such",
];
const STEPS = 60;

/** Many domains at once, and whatever can be done to them in whatever order, from outside and from their consoles. */
class Lives {
  private readonly lcds: Lcd[] = [];
  private readonly waits: Promise<unknown>[] = [];
  private readonly creates: Promise<void>[] = [];
  private readonly hogged: ReturnType<HostKernel["pages"]["alloc"]>[] = [];
  private readonly hog;
  /** What has happened, in order. */
  readonly kinds: string[] = [];

  constructor(
    private readonly kernel: HostKernel,
    private readonly random: SeededRandom,
  ) {
    this.hog = kernel.pages.owner("hog");
  }

  async live(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.step();
    }
    for (const hpa of this.hogged.splice(0)) this.kernel.pages.release(this.hog, hpa);
    await Promise.all(this.creates);
    for (const lcd of this.lcds) this.attempt("destroy", () => lcd_destroy(lcd));
    await Promise.all(this.waits);
  }

  private async step(): Promise<void> {
    const { random, kernel } = this;
    switch (random.below(12)) {
      case 0:
      case 1:
        this.create();
        break;
      case 2:
        await this.creates[random.below(Math.max(1, this.creates.length))];
        break;
      case 3:
        for (let i = random.below(30); i > 0; i--) await Promise.resolve();
        break;
      case 4:
        await new Promise((resolve) => setImmediate(resolve));
        break;
      case 5:
        if (this.hogged.length === 0) {
          const leave = random.below(120);
          while (kernel.pages.freePages > leave) this.hogged.push(kernel.pages.alloc(this.hog));
        } else for (const hpa of this.hogged.splice(0)) kernel.pages.release(this.hog, hpa);
        break;
      default:
        this.act(this.lcds[random.below(Math.max(1, this.lcds.length))]);
    }
  }

  private create(): void {
    const { random } = this;
    const name = names[random.below(names.length)];
    const evil = random.below(3) === 0;
    const console = (): void => {
      if (evil && random.below(2) === 0) this.act(this.lcds[random.below(Math.max(1, this.lcds.length))]);
    };
    const parameters = random.below(5) === 0 ? ["count=x"] : [];
    this.creates.push(
      lcd_create(this.kernel, name, { console, parameters }).then(
        (lcd) => {
          this.lcds.push(lcd);
          this.count("created");
        },
        (error) => this.refused("create", error),
      ),
    );
  }

  private act(lcd: Lcd | undefined): void {
    if (lcd === undefined) return;
    const { random } = this;
    const fuel = random.below(2) === 0 ? 1 + random.below(5000) : undefined;
    switch (random.below(9)) {
      case 0:
        this.attempt("config", () => lcd_config(lcd));
        break;
      case 1:
        this.attempt("run", () => lcd_run(lcd));
        break;
      case 2:
        this.attempt("suspend", () => lcd_suspend(lcd));
        break;
      case 3:
        this.attempt("kill", () => lcd_thread_kill(lcd.init_thread, "timeout"));
        break;
      case 4:
      case 5:
        this.attempt("destroy", () => lcd_destroy(lcd));
        break;
      case 6:
        this.waits.push(
          lcd.init_thread.wait().then(
            (result: ThreadResult) => this.count(result.kind),
            (error) => this.refused("wait", error),
          ),
        );
        break;
      default:
        this.attempt("start", () => lcd_thread_start(lcd.init_thread, { fuel }));
    }
  }

  private attempt(what: string, act: () => void): void {
    try {
      act();
      this.count(what);
    } catch (error) {
      this.refused(what, error);
    }
  }

  private refused(what: string, error: unknown): void {
    if (!(error instanceof KernelError)) throw error;
    this.count(`${what} ${error.code}`);
  }

  private count(what: string): void {
    this.kinds.push(what);
  }
}

/** Domains are made, started, stopped and destroyed in any order, with memory now and then short. */
export async function lifeCampaign(campaign: Campaign): Promise<Totals> {
  const { modules, runtime } = campaign;
  const hosts = [1, 2].map((cpus) => new GuardedHost(modules, runtime, { machine: { cpus }, timeSlice: 500 }));
  return runCases("life", campaign, async (at) => {
    const host = hosts[at % 2];
    const before = retired(host);
    const kinds = await host.leavingNothing(async () => {
      const lives = new Lives(host.kernel, new SeededRandom(at));
      await lives.live();
      return lives.kinds;
    });
    return { instructions: retired(host) - before, kinds };
  });
}

function retired({ kernel }: GuardedHost): number {
  return kernel.machine.processors.reduce((sum, processor) => sum + processor.retired, 0);
}
