import { Cr4 } from "../../mmu/control-bits";
import type { CpuState } from "../state";
import { AccessKind } from "../translate/memory-lookup";

const BREAKPOINTS = 4;
const DR7 = 7;

/** L0, G0 to L3, G3: a breakpoint is enabled (SDM 3B, "Debug Control Register (DR7)"). */
export const BREAKPOINT_ENABLES = 0xff;

/** R/W fields of DR7: when a breakpoint's condition is met. That of ports is undefined without CR4.DE: here it never is. */
const Condition = { execute: 0, write: 1, port: 2, access: 3 } as const;

/** Lengths in bytes by the LEN fields. */
const lengths = [1, 2, 8, 4] as const;

/** One breakpoint as DR7 describes it. */
interface Breakpoint {
  readonly low: number;
  readonly high: number;
  readonly condition: number;
  readonly length: number;
}

const PAGE_MASK = ~0xfff;

/** The breakpoints that the debug registers enable, and which of them have been met. */
export class Breakpoints {
  /** B0 to B3 of data and I/O breakpoints that have been met; whoever looks at them clears them. */
  met = 0;
  private readonly breakpoints: (Breakpoint | null)[] = [];

  constructor(private readonly state: CpuState) {}

  /**
   * Reads the debug registers.
   *
   * @param watching what has been executed since the last time was watched, too
   * @returns whether there may be accesses to a data breakpoint that would not be seen
   */
  refresh(watching: boolean): boolean {
    let changed = false;
    for (let number = 0; number < BREAKPOINTS; number++) {
      const next = this.read(number);
      const old = this.breakpoints[number] ?? null;
      changed ||= isData(next) && !(watching && old !== null && next !== null && same(old, next));
      this.breakpoints[number] = next;
    }
    return changed;
  }

  /** B0 to B3 of the instruction breakpoints at a linear address. */
  instructionsAt(address: bigint): number {
    let found = 0;
    this.breakpoints.forEach((breakpoint, number) => {
      if (breakpoint?.condition === Condition.execute && addressOf(breakpoint) === address) {
        found |= 1 << number;
      }
    });
    return found;
  }

  /** A data breakpoint lies on the page of a linear address: accesses to it have to be seen. */
  watches(low: number, high: number): boolean {
    return this.breakpoints.some(
      (breakpoint) => isData(breakpoint) && breakpoint?.high === high && ((breakpoint.low ^ low) & PAGE_MASK) === 0,
    );
  }

  /** Notes an access of `size` bytes; `kind` is an AccessKind. */
  note(low: number, high: number, size: number, kind: number): void {
    this.breakpoints.forEach((breakpoint, number) => {
      if (breakpoint === null || !isData(breakpoint) || (breakpoint.high | 0) !== (high | 0)) {
        return;
      }
      const reads = kind === AccessKind.read;
      if (overlaps(breakpoint, low, size) && (!reads || breakpoint.condition === Condition.access)) {
        this.met |= 1 << number;
      }
    });
  }

  /** Notes an access to `size` I/O ports, by reading or writing (SDM 3B, "Debug Extensions"). */
  notePorts(port: number, size: number): void {
    if ((this.state.low("cr4") & Cr4.DE) === 0) {
      return;
    }
    this.breakpoints.forEach((breakpoint, number) => {
      if (breakpoint?.condition === Condition.port && breakpoint.high === 0 && overlaps(breakpoint, port, size)) {
        this.met |= 1 << number;
      }
    });
  }

  private read(number: number): Breakpoint | null {
    const { state } = this;
    const control = state.low("dr", DR7);
    if (((control >>> (number * 2)) & 3) === 0) {
      return null;
    }
    const field = control >>> (16 + number * 4);
    return {
      low: state.low("dr", number) | 0,
      high: state.high("dr", number) | 0,
      condition: field & 3,
      length: lengths[(field >>> 2) & 3],
    };
  }
}

/** Whether an access touches a byte of a breakpoint, whose address is taken to be aligned to its length. */
function overlaps(breakpoint: Breakpoint, low: number, size: number): boolean {
  const from = (breakpoint.low & -breakpoint.length) >>> 0;
  return low >>> 0 < from + breakpoint.length && from < (low >>> 0) + size;
}

const isData = (breakpoint: Breakpoint | null | undefined): boolean =>
  breakpoint?.condition === Condition.write || breakpoint?.condition === Condition.access;

const same = (a: Breakpoint, b: Breakpoint): boolean =>
  a.low === b.low && a.high === b.high && a.condition === b.condition && a.length === b.length;

const addressOf = ({ low, high }: Breakpoint): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
