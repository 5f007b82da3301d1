import { type IrBlock, Register, type Statement, type Value } from "../ir";

/**
 * Which accesses of a region are likely to stay on one page for a while. Each such group gets two locals that remember
 * the page it was on last, which are cheaper to ask than the TLB. Groups are named by strings.
 */

/** Groups that a region has at most: each takes two locals. */
const MAX_GROUPS = 8;

const GENERAL = (1 << Register.flagA) - 1;

/** Displacements from here on are addresses of arrays, not distances in a structure. */
const ARRAY = 0x10000n;

/** The processor when code is translated: a sample of what its accesses are like. */
export interface Surroundings {
  /** A general-purpose register. */
  register(number: number): bigint;
  /** Whether the TLB has the page of a linear address. */
  isInTlb(address: bigint): boolean;
  /** Where the indirect jump or call at an instruction pointer has gone of late, most often first. */
  targets(from: bigint): readonly bigint[];
}

/** What is looked at behind the begin of an array: it is a large one when most of these pages are in use. */
const BEHIND = [2n, 3n, 4n, 5n].map((pages) => pages * 4096n);

/** The group of each access that is in one: by its address's group name. */
export class PageGroups {
  /** Registers that point somewhere else again and again. */
  private readonly restless: number;
  /** The groups that are worth it, and whether something is stored through them. */
  readonly stored = new Map<string, boolean>();

  constructor(
    blocks: readonly (IrBlock | undefined)[],
    private readonly surroundings: Surroundings,
  ) {
    let restless = 0;
    const accesses: { address: Value; store: boolean }[] = [];
    const look = (statements: readonly Statement[]): void => {
      for (const statement of statements) {
        if (statement.kind === "set" && !statement.dead && statement.register < Register.flagA) {
          restless |= isStep(statement.value, statement.register) ? 0 : 1 << statement.register;
        } else if (statement.kind === "load") {
          accesses.push({ address: statement.value.operands[0], store: statement.value.forWrite });
        } else if (statement.kind === "store") {
          accesses.push({ address: statement.address, store: true });
        } else if (statement.kind === "repeat") {
          look(statement.body);
        }
      }
    };
    for (const block of blocks) {
      look(block?.statements ?? []);
    }
    // The stack stays where it is, whatever a function's end makes of it.
    this.restless = restless & ~((1 << 4) | (1 << 5));
    this.choose(accesses);
  }

  /** The group of an access by its linear address; "" when it is in none. */
  groupOf(address: Value): string {
    const name = this.nameOf(address);
    return this.stored.has(name) ? name : "";
  }

  private choose(accesses: readonly { address: Value; store: boolean }[]): void {
    const counts = new Map<string, { count: number; store: boolean }>();
    const spread = new Set<string>();
    for (const { address, store } of accesses) {
      const name = this.nameOf(address);
      const known = counts.get(name) ?? { count: 0, store: false };
      counts.set(name, { count: known.count + 1, store: known.store || store });
      if (name === "" || this.isSpread(address)) {
        spread.add(name);
      }
    }
    for (const name of spread) {
      counts.delete(name);
    }
    const best = [...counts].sort(([, a], [, b]) => b.count - a.count).slice(0, MAX_GROUPS);
    for (const [name, { store }] of best) {
      this.stored.set(name, store);
    }
  }

  /** Whether an access goes here and there in a large array, as far as the TLB can tell. */
  private isSpread(address: Value): boolean {
    const registers = address.reads & GENERAL;
    if ((registers & this.restless) === 0) {
      return false;
    }
    let base = displacementOf(address);
    for (let rest = registers & ~this.restless; rest !== 0; rest &= rest - 1) {
      base += this.surroundings.register(31 - Math.clz32(rest & -rest));
    }
    const used = BEHIND.filter((distance) => this.surroundings.isInTlb(BigInt.asUintN(64, base + distance)));
    return used.length > BEHIND.length / 2;
  }

  private nameOf(address: Value): string {
    const registers = address.reads & GENERAL;
    const steady = registers & ~this.restless;
    if (steady !== 0) {
      return `registers ${steady}`;
    }
    const displacement = displacementOf(address);
    const isArray = displacement >= ARRAY || displacement <= -ARRAY;
    return isArray ? `array ${registers === 0 ? displacement >> 12n : displacement}` : "";
  }
}

/** Whether a register only moves on: its new value is the old one and something that does not depend on registers. */
function isStep(value: Value, register: number): boolean {
  if (value.kind === "register") {
    return value.immediate === register;
  }
  if (value.operation === "i64.extend_i32_u" || value.operation === "i32.wrap_i64") {
    return isStep(value.operands[0], register);
  }
  const isSum = /^i(32|64)\.(add|sub)$/.test(value.operation);
  const [first, second] = value.operands;
  return isSum && second.kind !== "load" && (second.reads & GENERAL) === 0 && isStep(first, register);
}

/** The constant part of an address. */
function displacementOf(address: Value): bigint {
  if (address.kind === "const") {
    return BigInt(address.immediate);
  }
  if (address.operation === "i64.extend_i32_u" || address.operation === "i32.wrap_i64") {
    return displacementOf(address.operands[0]);
  }
  const second = address.operands[1];
  return address.operation === "i64.add" && second.kind === "const" ? BigInt(second.immediate) : 0n;
}
