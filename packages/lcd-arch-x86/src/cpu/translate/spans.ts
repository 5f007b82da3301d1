import { registerType, type Statement, Value } from "../ir";
import { LARGEST_SPAN } from "./range-layout";

/**
 * Memory accesses of a block whose addresses differ by little: the registers that a function's entry pushes, the fields
 * of a structure, lookups in a table whose index is a byte. Hot code looks once, at the first of them, whether all are in
 * a memory range. That holds for the rest of the block: what takes a page out of the ranges happens between blocks only.
 */
export interface Span {
  /** Distance of its start from the address of its first access; or the start itself, where that is fixed. */
  readonly start: bigint;
  readonly fixed: boolean;
  /** Bytes from its start to the end of its last access, at most `LARGEST_SPAN`. */
  readonly size: number;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** An access of a span. */
export interface SpanAccess {
  readonly span: Span;
  /** Its distance from the span's start, less what `index` adds. */
  readonly offset: number;
  /** What is added to the distance, an i64; null: nothing. */
  readonly index: Value | null;
}

export type SpanAccesses = ReadonlyMap<Statement, SpanAccess>;
export const NO_SPANS: SpanAccesses = new Map();

/** The most bytes of a span that moves with a register: longer ones would too often go beyond the end of a page. */
const LARGEST_MOVING_SPAN = 256;

/** Finds the spans of two accesses or more in a block. */
export function findSpans(statements: readonly Statement[]): SpanAccesses {
  const addresses = new Addresses();
  const byBase = new Map<string, Access[]>();
  for (const statement of statements) {
    addresses.follow(statement);
    const access = accessOf(statement, addresses);
    if (access) {
      const others = byBase.get(access.base);
      if (others) {
        others.push(access);
      } else {
        byBase.set(access.base, [access]);
      }
    }
  }
  const found = new Map<Statement, SpanAccess>();
  for (const [base, accesses] of byBase) {
    for (const near of accesses.length > 1 ? neighbours(accesses, base === FIXED) : []) {
      addSpan(near, base === FIXED, found);
    }
  }
  return found;
}

interface Access {
  readonly statement: Statement;
  readonly base: string;
  /** Distances from the base: of the first byte that it may touch, and of the one behind the last. */
  readonly low: bigint;
  readonly end: bigint;
  readonly index: Value | null;
  readonly isWrite: boolean;
  /** Place in program order. */
  readonly order: number;
}

function accessOf(statement: Statement, addresses: Addresses): Access | null {
  if (statement.kind !== "load" && statement.kind !== "store") {
    return null;
  }
  const isLoad = statement.kind === "load";
  const address = isLoad ? statement.value.operands[0] : statement.address;
  const size = isLoad ? statement.value.size : statement.size;
  const { base, distance } = addresses.sum(address);
  const indexed = addresses.indexed(address);
  const order = addresses.order;
  const isWrite = !isLoad || statement.value.forWrite;
  if (indexed) {
    const { start, index, most } = indexed;
    return { statement, base: FIXED, low: start, end: start + BigInt(most + size), index, isWrite, order };
  }
  return { statement, base, low: distance, end: distance + BigInt(size), index: null, isWrite, order };
}

/** Accesses in groups of two or more that fit in a span each. */
function neighbours(accesses: readonly Access[], fixed: boolean): Access[][] {
  const most = BigInt(fixed ? LARGEST_SPAN : LARGEST_MOVING_SPAN);
  const sorted = [...accesses].sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
  const groups: Access[][] = [];
  let group: Access[] = [];
  for (const access of sorted) {
    if (group.length > 0 && access.end - group[0].low > most) {
      groups.push(group);
      group = [];
    }
    if (access.end - access.low <= most) {
      group.push(access);
    }
  }
  groups.push(group);
  return groups.filter(({ length }) => length > 1);
}

function addSpan(accesses: readonly Access[], fixed: boolean, found: Map<Statement, SpanAccess>): void {
  const { low } = accesses[0];
  const size = Math.max(...accesses.map(({ end }) => Number(end - low)));
  const first = accesses.reduce((a, b) => (b.order < a.order ? b : a));
  const span: Span = {
    start: fixed ? low : low - first.low,
    fixed,
    size,
    reads: accesses.some(({ isWrite }) => !isWrite),
    writes: accesses.some(({ isWrite }) => isWrite),
  };
  for (const access of accesses) {
    found.set(access.statement, {
      span,
      offset: Number(access.low - low),
      index: access.index,
    });
  }
}

/** The base of addresses that are constants. */
const FIXED = "";

/** An address as a sum: of what its base names, and a constant. */
interface Sum {
  readonly base: string;
  readonly distance: bigint;
}

/** Characters of the longest base. A guest can write sums that double with each instruction: those are bases by themselves. */
const LONGEST_BASE = 40;

/** What is known of values while a block is followed in program order. */
class Addresses {
  /** Statements that were followed. */
  order = 0;
  /** What each register was last set to. */
  private readonly registers = new Map<number, Value>();
  /** Reads of registers: the value that was there. */
  private readonly seen = new Map<Value, Value>();
  private readonly names = new Map<Value, number>();
  private readonly sums = new Map<Value, Sum>();
  private readonly bounds = new Map<Value, number>();

  follow(statement: Statement): void {
    this.order++;
    if (statement.kind === "set") {
      this.registers.set(statement.register, statement.value);
    } else if (statement.kind === "define" && statement.value.kind === "register") {
      this.seen.set(statement.value, this.contentsOf(statement.value.immediate as number));
    } else if (statement.kind === "repeat") {
      // Its body may have set any.
      this.registers.clear();
    }
  }

  /** A value as a base and a distance from it, modulo 2^64. */
  sum(value: Value): Sum {
    const known = this.sums.get(value);
    if (known) {
      return known;
    }
    const computed = this.computeSum(value);
    const sum = computed.base.length > LONGEST_BASE ? { base: this.nameOf(value), distance: 0n } : computed;
    this.sums.set(value, sum);
    return sum;
  }

  /** An address of a fixed place plus something that is not negative, and small; null when it is something else. */
  indexed(address: Value): { start: bigint; index: Value; most: number } | null {
    const [index, start] = address.operation === "i64.add" ? address.operands : [];
    if (start?.kind !== "const") {
      return null;
    }
    const most = this.most(index);
    return most < LARGEST_SPAN ? { start: BigInt(start.immediate), index, most } : null;
  }

  private computeSum(value: Value): Sum {
    if (value.kind === "const") {
      return { base: FIXED, distance: BigInt(value.immediate) };
    }
    const source = this.seen.get(value);
    if (source && source !== value) {
      return this.sum(source);
    }
    if (value.operation === "i64.add" || value.operation === "i64.sub") {
      const [a, b] = value.operands.map((operand) => this.sum(operand));
      const sign = value.operation === "i64.add" ? 1n : -1n;
      if (b.base === FIXED) {
        return { base: a.base, distance: BigInt.asIntN(64, a.distance + sign * b.distance) };
      }
      if (sign > 0n) {
        const base = a.base === FIXED ? b.base : a.base < b.base ? `${a.base}+${b.base}` : `${b.base}+${a.base}`;
        return { base, distance: BigInt.asIntN(64, a.distance + b.distance) };
      }
    } else if (value.operation === "i64.shl" && value.operands[1].kind === "const") {
      const { base, distance } = this.sum(value.operands[0]);
      const count = BigInt(value.operands[1].immediate) & 63n;
      return { base: base === FIXED ? FIXED : `(${base})<${count}`, distance: BigInt.asIntN(64, distance << count) };
    }
    return { base: this.nameOf(value), distance: 0n };
  }

  /** The most that an integer can be, unsigned; infinite when nothing is known. */
  private most(value: Value): number {
    let most = this.bounds.get(value);
    if (most === undefined) {
      most = this.computeMost(value);
      this.bounds.set(value, most);
    }
    return most;
  }

  private computeMost(value: Value): number {
    const [a, b] = value.operands;
    const count = b?.kind === "const" ? Number(b.immediate) : -1;
    const bound = value.type === "i32" ? 2 ** 32 - 1 : Number.POSITIVE_INFINITY;
    const within = (most: number): number => Math.min(most, bound);
    switch (value.kind) {
      case "const":
        return Number(value.immediate) >= 0 ? Number(value.immediate) : bound;
      case "load":
        return value.size < 8 ? 2 ** (8 * value.size) - 1 : bound;
      case "register": {
        const source = this.seen.get(value);
        return source && source !== value ? this.most(source) : bound;
      }
      case "pure":
        switch (value.operation) {
          case "i64.extend_i32_u":
          case "i32.wrap_i64":
            return within(this.most(a));
          case "i32.and":
          case "i64.and":
            return Math.min(this.most(a), this.most(b));
          case "i32.shr_u":
          case "i64.shr_u":
            return count >= 0 && count < 32 ? Math.floor(this.most(a) / 2 ** count) : within(this.most(a));
          case "i32.shl":
          case "i64.shl":
            return count >= 0 && count < 32 ? within(this.most(a) * 2 ** count) : bound;
        }
    }
    return bound;
  }

  /** The value in a register: what it was set to, or a name for what was there before. */
  private contentsOf(register: number): Value {
    let contents = this.registers.get(register);
    if (!contents) {
      contents = new Value("register", registerType(register), "", [], register);
      this.registers.set(register, contents);
    }
    return contents;
  }

  private nameOf(value: Value): string {
    let name = this.names.get(value);
    if (name === undefined) {
      name = this.names.size;
      this.names.set(value, name);
    }
    return `${name}`;
  }
}
