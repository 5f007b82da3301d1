import { CARRY_IN_BIT, FlagKind, type FlagKindName, flagOp, overrideOf } from "../flags";
import {
  type IrBlock,
  type PlainArithmetic,
  Register,
  type Site,
  type SiteCause,
  type Statement,
  type Terminator,
  Value,
  type ValueType,
} from "../ir";
import { Rflags } from "../state";
import { type CodeContext, ripOf } from "../translate/code-context";
import { ValueBuilder } from "./values";

/** What is known, while lifting, of the flags: the operation that set them last. */
export interface KnownFlags {
  kind: FlagKindName;
  /** Operand size in bytes. */
  size: number;
  a: Value;
  b: Value | null;
  result: Value;
  /** i32 values, 0 or 1, that replace CF or OF. */
  carry: Value | null;
  overflow: Value | null;
}

/** The kind and size of known flags, without their values: what one block can tell the next. */
export interface FlagShape {
  kind: FlagKindName;
  size: number;
}

/** Statements are numbered by `translate/schedule.ts`, once their order is final. */
const UNSCHEDULED = -1;

/** Builds one IR block: a statement list in which every value has one definition. */
export class BlockBuilder extends ValueBuilder {
  statements: Statement[] = [];
  terminator: Terminator | null = null;
  flags: KnownFlags | null = null;
  /** The system instruction whose memory operand is being looked at. */
  operation: string | undefined = undefined;
  private rip = 0n;
  private length = 0;
  private index = 0;
  private overrideKnownZero = false;

  /** What is in the XMM registers that were read or set. */
  private readonly vectors = new Map<number, Value>();
  private readonly ownSites: { site: Site; index: number }[] = [];

  /**
   * @param sites the region's table of sites, which this block adds to
   * @param context the mode that the code is for, and its segment
   * @param shape what is known of the flags at the block's start
   */
  constructor(
    private readonly sites: Site[],
    readonly context: CodeContext,
    shape: FlagShape | null = null,
  ) {
    super();
    if (shape !== null) {
      this.inheritFlags(shape);
    }
  }

  /** Starts the instruction at `rip`, the block's `index`-th. */
  beginInstruction(rip: bigint, length: number, index: number): void {
    this.rip = rip;
    this.length = length;
    this.index = index;
  }

  get nextRip(): bigint {
    return ripOf(this.context, this.rip + BigInt(this.length));
  }

  /** Bits of `CodeMode`. */
  get mode(): number {
    return this.context.mode;
  }

  get currentRip(): bigint {
    return this.rip;
  }

  /** A place where the current instruction stops without having retired. */
  site(cause: SiteCause): number {
    const site = { rip: this.rip, length: this.length, uncount: 0, cause };
    this.ownSites.push({ site, index: this.index });
    this.sites.push(site);
    return this.sites.length - 1;
  }

  /** Ends the block, which has `count` instructions; goes on at `next` when no instruction ended it. */
  finish(rip: bigint, count: number, next: bigint): IrBlock {
    for (const { site, index } of this.ownSites) {
      site.uncount = count - index;
    }
    const { statements } = this;
    return { rip, count, statements, terminator: this.terminator ?? { kind: "jump", target: next } };
  }

  // Effects.

  setRegister(register: number, value: Value): void {
    this.statements.push({ kind: "set", register, value, position: UNSCHEDULED, dead: false });
  }

  /**
   * Loads `size` bytes, zero-extended: an i32, an i64 when 8, a v128 when 16. `address` is a linear address; `stack`: through SS, so
   * that a non-canonical one raises #SS, not #GP.
   */
  load(size: number, address: Value, forWrite = false, stack = false): Value {
    return this.loadAs(size === 16 ? "v128" : size === 8 ? "i64" : "i32", size, address, forWrite, stack);
  }

  /** As `load`, but gives an f32 or f64, or a v128 of 4 or 8 bytes with zeros above. */
  loadAs(type: ValueType, size: number, address: Value, forWrite = false, stack = false): Value {
    const value = new Value("load", type, "", [address], 0, size, forWrite);
    this.statements.push({
      kind: "load",
      value,
      site: this.site({ kind: "memory", stack }),
      position: UNSCHEDULED,
    });
    return value;
  }

  store(size: number, address: Value, value: Value, stack = false): void {
    const site = this.site({ kind: "memory", stack });
    this.statements.push({ kind: "store", address, value, size, site, position: UNSCHEDULED });
  }

  setField64(offset: number, value: Value): void {
    this.statements.push({ kind: "setField", offset, value, position: UNSCHEDULED });
  }

  setField32(offset: number, value: Value): void {
    this.statements.push({ kind: "setField", offset, value, position: UNSCHEDULED });
  }

  setField128(offset: number, value: Value): void {
    this.statements.push({ kind: "setField", offset, value, position: UNSCHEDULED });
  }

  /** All of XMM register `number`, a v128: the same value until it is set. */
  override xmm(number: number): Value {
    let value = this.vectors.get(number);
    if (!value) {
      value = super.xmm(number);
      this.vectors.set(number, value);
    }
    return value;
  }

  setXmm(number: number, value: Value): void {
    this.vectors.set(number, value);
    this.setRegister(Register.xmm + number, value);
  }

  /** Calls a function of `cpu/callouts.ts`. Operands are fields that were set before; results are read as fields after. */
  callout(number: number): void {
    this.statements.push({ kind: "callout", number, site: this.site({ kind: "callout" }), position: UNSCHEDULED });
  }

  /**
   * `fast`, or what a callout returns in the place of its first operand when `condition` is not 0. The callout is right
   * in any case.
   */
  guarded(
    condition: Value,
    fast: Value,
    number: number,
    operands: readonly Value[],
    plain: PlainArithmetic | null = null,
  ): Value {
    const value = new Value("guarded", fast.type, "", [], 0);
    const site = this.site({ kind: "callout" });
    const position = UNSCHEDULED;
    this.statements.push({ kind: "guarded", value, condition, fast, operands, plain, number, site, position });
    return value;
  }

  raiseIf(condition: Value, vector: number, errorCode: number | null): void {
    const { operation } = this;
    const site = this.site({ kind: "exception", vector, errorCode, operation });
    this.statements.push({ kind: "raiseIf", condition, site, position: UNSCHEDULED });
  }

  /** Has `cpu/system/` execute the instruction when the condition is not 0: else it is over here. */
  systemIf(condition: Value, operation: string): void {
    const site = this.site({ kind: "system", operation, operands: [], stack: false });
    this.statements.push({ kind: "raiseIf", condition, site, position: UNSCHEDULED });
  }

  /** Repeats what `body` builds; it ends a repetition for good with `exitIf`. Flags are unknown after it. */
  repeat(body: () => void): void {
    const outer = this.statements;
    const inner: Statement[] = [];
    this.forgetFlags();
    this.statements = inner;
    body();
    this.statements = outer;
    this.forgetFlags();
    outer.push({
      kind: "repeat",
      body: inner,
      site: this.site({ kind: "limit", repeating: true }),
      position: UNSCHEDULED,
    });
  }

  exitIf(condition: Value): void {
    this.statements.push({ kind: "exitIf", condition, position: UNSCHEDULED });
  }

  // Flags.

  /** Records what the flags are computed from. `a` and `b` as `FlagKind` says, zero-extended from `size` bytes. */
  setFlags(
    kind: FlagKindName,
    size: number,
    a: Value,
    b: Value | null,
    result: Value,
    extra: { carryIn?: Value; carry?: Value; overflow?: Value; left?: Value } = {},
  ): void {
    const op = this.i32(flagOp(FlagKind[kind], size));
    this.setRegister(
      Register.flagOp,
      extra.carryIn ? this.or(op, this.shl(extra.carryIn, this.i32(CARRY_IN_BIT))) : op,
    );
    this.setRegister(Register.flagA, this.extendU(a));
    if (b !== null) {
      this.setRegister(Register.flagB, this.extendU(b));
    }
    this.flags = {
      kind,
      size,
      a: extra.left ?? a,
      b,
      result,
      carry: extra.carry ?? null,
      overflow: extra.overflow ?? null,
    };
    this.setOverride();
  }

  /** Replaces CF, and OF when given, and keeps the other flags. Values are i32, 0 or 1. */
  overrideFlags(carry: Value, overflow: Value | null = null): void {
    if (this.flags !== null) {
      this.flags = { ...this.flags, carry, overflow: overflow ?? this.flags.overflow };
      this.setOverride();
      return;
    }
    const mask = overrideOf(Rflags.CF) | (overflow === null ? 0 : overrideOf(Rflags.OF));
    const replaced = mask | Rflags.CF | (overflow === null ? 0 : Rflags.OF);
    const kept = this.and(this.register(Register.flagOver), this.i32(~replaced));
    this.setRegister(Register.flagOver, this.or(this.or(kept, this.i32(mask)), this.overrideBits(carry, overflow)));
    this.overrideKnownZero = false;
  }

  /** All six flags, at their places in RFLAGS, as an i32. */
  allFlags(): Value {
    return this.runtime(
      "flagsOf",
      this.register(Register.flagOp),
      this.register(Register.flagOver),
      this.register(Register.flagA),
      this.register(Register.flagB),
    );
  }

  /** Sets all six flags from an i32 that holds them at their places in RFLAGS. */
  setAllFlags(bits: Value): void {
    this.setRegister(Register.flagA, this.extendU(bits));
    this.setRegister(Register.flagOp, this.i32(flagOp(FlagKind.bits, 1)));
    this.setRegister(Register.flagOver, this.i32(0));
    this.flags = { kind: "bits", size: 1, a: bits, b: null, result: bits, carry: null, overflow: null };
    this.overrideKnownZero = true;
  }

  forgetFlags(): void {
    this.flags = null;
    this.overrideKnownZero = false;
  }

  /** Makes the flags at a join: keeps the old ones when `condition` is 0. To be called around a conditional update. */
  keepFlagsUnless(condition: Value, update: () => void): void {
    const registers = [Register.flagOp, Register.flagOver, Register.flagA, Register.flagB];
    const old = registers.map((register) => this.register(register));
    update();
    registers.forEach((register, index) => {
      this.setRegister(register, this.select(condition, this.register(register), old[index]));
    });
    this.forgetFlags();
  }

  private overrideBits(carry: Value | null, overflow: Value | null): Value {
    const low = carry ?? this.i32(0);
    return overflow === null ? low : this.or(low, this.shl(overflow, this.i32(11)));
  }

  private setOverride(): void {
    const { carry, overflow } = this.flags ?? { carry: null, overflow: null };
    if (carry === null && overflow === null) {
      if (!this.overrideKnownZero) {
        this.setRegister(Register.flagOver, this.i32(0));
        this.overrideKnownZero = true;
      }
      return;
    }
    const mask = (carry ? overrideOf(Rflags.CF) : 0) | (overflow ? overrideOf(Rflags.OF) : 0);
    this.setRegister(Register.flagOver, this.or(this.overrideBits(carry, overflow), this.i32(mask)));
    this.overrideKnownZero = false;
  }

  private inheritFlags({ kind, size }: FlagShape): void {
    const narrow = (value: Value): Value => (size === 8 ? value : this.wrap(value));
    const a = narrow(this.register(Register.flagA));
    const b = narrow(this.register(Register.flagB));
    switch (kind) {
      case "compare":
        this.flags = { kind, size, a, b, result: this.clean(this.sub(a, b), size), carry: null, overflow: null };
        break;
      case "subtract":
        this.flags = { kind, size, a: this.clean(this.add(a, b), size), b, result: a, carry: null, overflow: null };
        break;
      case "add":
      case "logic":
      case "bits":
        this.flags = { kind, size, a, b, result: a, carry: null, overflow: null };
        break;
      default:
        return;
    }
    this.overrideKnownZero = true;
  }

  protected override define<V extends Value>(value: V): V {
    this.statements.push({ kind: "define", value, position: UNSCHEDULED });
    return value;
  }
}

/** Kinds of flags that both sides of a jump between blocks know to be there. */
const passedOn: ReadonlySet<FlagKindName> = new Set(["compare", "subtract", "add", "logic", "bits"]);

/** The shape that a block leaves to a successor which has no other predecessor; null when it cannot be told. */
export function flagShape(flags: KnownFlags | null): FlagShape | null {
  if (flags === null || flags.carry !== null || flags.overflow !== null) {
    return null;
  }
  const { kind, size } = flags;
  return passedOn.has(kind) ? { kind, size } : null;
}
