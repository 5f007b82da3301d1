import { lcd_arch_pc, lcd_arch_rflags, PAGE_SIZE } from "lcd-arch-x86";
import { type FaultReport, formatFault, lcd_create, lcd_destroy, lcd_thread_start, type ThreadResult } from "../src";
import { SeededRandom } from "../src/host/random";
import { Arena, makeArena } from "./arena";
import { type Campaign, runCases, type Totals } from "./cases";
import { HostileCode } from "./code";
import { accountingText, GuardedHost, type HostVariant } from "./host";
import { SteadyCode } from "./steady";

/** One domain with hostile code. */
export interface GuestCase {
  readonly seed: number;
  readonly fuel: number;
  /** It can reach its page tables. */
  readonly open: boolean;
  /** It runs on and on, and changes itself. */
  readonly steady: boolean;
}

/** What must be the same on every host that runs a case. */
export interface GuestOutcome {
  readonly text: string;
  readonly kind: string;
  readonly instructions: number;
}

const TSC = 0x10;

/** The case of a seed. */
export function guestCase(seed: number): GuestCase {
  const random = new SeededRandom(seed);
  return {
    seed,
    fuel: [200, 3000, 30_000][random.below(3)],
    open: random.below(3) !== 0,
    steady: random.below(3) === 0,
  };
}

/** Runs a case, and checks all that can be checked from outside. @throws Error when something is not as promised */
export async function runGuest(host: GuardedHost, test: GuestCase): Promise<GuestOutcome> {
  const { kernel } = host;
  const before = accountingText(kernel);
  const random = new SeededRandom(test.seed);
  let printed = 0;
  const console = (bytes: Uint8Array): void => {
    printed += bytes.length;
  };
  const lcd = await lcd_create(kernel, "spin", { console });
  const writer = test.steady ? new SteadyCode(random) : new HostileCode(random, test.open);
  const code = writer.pages();
  const start =
    writer.starts[test.steady ? 0 : random.below(writer.starts.length)] ?? Arena.base + random.below(code.length);
  const { pages } = makeArena(lcd, code, test.open, start, random);
  for (const processor of kernel.machine.processors) processor.writeMsr(TSC, 0n);
  lcd_thread_start(lcd.init_thread, { fuel: test.fuel });
  const result = await lcd.init_thread.wait();
  const { instructions } = lcd.init_thread;
  if (instructions > test.fuel) throw new Error(`${instructions} instructions retired, of ${test.fuel}`);
  if (result.kind === "killed" && instructions !== test.fuel) {
    throw new Error(`out of fuel after ${instructions} instructions, of ${test.fuel}`);
  }
  const parts = [
    describe(result),
    instructions,
    [...lcd.arch.regs].map((value) => value.toString(16)),
    lcd_arch_pc(lcd.arch).toString(16),
    lcd_arch_rflags(lcd.arch).toString(16),
    pages.map((hpa) => checksum(kernel.memory.read(hpa, PAGE_SIZE))),
    printed,
  ];
  if (result.kind === "faulted") checkReport(result.report);
  lcd_destroy(lcd);
  host.checkGuards();
  const after = accountingText(kernel);
  if (after !== before) throw new Error(`left behind: ${after}, before: ${before}`);
  const text = JSON.stringify(parts, (_, value) => (typeof value === "bigint" ? value.toString(16) : value));
  return { text, kind: kindOf(result), instructions };
}

function describe(result: ThreadResult): unknown {
  if (result.kind !== "faulted") return result;
  const { cause, rip } = result.report;
  return [cause, rip];
}

function kindOf(result: ThreadResult): string {
  if (result.kind !== "faulted") return result.kind === "killed" ? result.reason : result.kind;
  const { cause } = result.report;
  return cause.kind === "exception" ? cause.mnemonic : cause.kind === "refused" ? cause.name : cause.kind;
}

/** A report about anything at all can be shown. */
function checkReport(report: FaultReport): void {
  if (formatFault(report).length === 0) throw new Error("an empty fault report");
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

/** Machines that must not be told apart by what runs on them. */
export const variants: readonly HostVariant[] = [
  {},
  { machine: { hotThreshold: 0 } },
  { machine: { sampleInterval: 37, hotThreshold: 1 }, timeSlice: 11 },
  { machine: { sampleInterval: 500 }, timeSlice: 1 },
];

/**
 * Runs each case on a host that has run all before it, and, when its code cannot see what its page tables hold, on
 * hosts that translate, sample and slice differently.
 */
export async function guestCampaign(campaign: Campaign): Promise<Totals> {
  const { modules, runtime } = campaign;
  const hosts = variants.map((variant) => new GuardedHost(modules, runtime, variant));
  return runCases("guest", campaign, async (at) => {
    const test = guestCase(at);
    const others = test.open && !test.steady ? [hosts[0]] : hosts.slice(1);
    const first = await runGuest(hosts[0], test);
    let { instructions } = first;
    for (const other of others) {
      const again = await runGuest(other, test);
      instructions += again.instructions;
      if (again.text !== first.text) {
        throw new Error(`differs on variant ${hosts.indexOf(other)}:\n  ${first.text}\n  ${again.text}`);
      }
    }
    return { runs: 1 + others.length, instructions, kinds: [first.kind] };
  });
}
