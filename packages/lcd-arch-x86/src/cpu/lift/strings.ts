import { Mnemonic, OpKind, Register } from "iced-x86";
import type { Value } from "../ir";
import { Gpr, StateOffset } from "../state";
import { liftCompare } from "./arithmetic";
import { condition } from "./conditions";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/** Bytes of the addresses that a string instruction's operands name. */
const addressSizes: ReadonlyMap<OpKind, number> = new Map([
  [OpKind.MemoryESDI, 2],
  [OpKind.MemorySegSI, 2],
  [OpKind.MemoryESEDI, 4],
  [OpKind.MemorySegESI, 4],
  [OpKind.MemoryESRDI, 8],
  [OpKind.MemorySegRSI, 8],
]);

/** The size of a string instruction's addresses, and of its count. */
export function stringAddressSize(lift: Lift): number {
  for (let operand = 0; operand < lift.operandCount; operand++) {
    const size = addressSizes.get(lift.kind(operand));
    if (size !== undefined) {
      return size;
    }
  }
  throw new RangeError("a string instruction has an operand in memory");
}

/** One string instruction: its element size, its address size, and the pieces its kinds are put together from. */
class StringLift {
  readonly b: Lift["b"];
  readonly addressSize: number;

  constructor(
    readonly lift: Lift,
    readonly size: number,
  ) {
    this.b = lift.b;
    this.addressSize = stringAddressSize(lift);
  }

  /** Loads from DS:[rSI], or the segment that a prefix names. */
  loadSource(): Value {
    const { lift, size } = this;
    const segment = lift.instruction.memorySegment;
    const address = lift.segmented(this.offset(Gpr.rsi), segment, size, false);
    return this.b.load(size, address, false, lift.isStack(segment));
  }

  /** Loads from ES:[rDI]. */
  loadDestination(): Value {
    return this.b.load(this.size, this.lift.segmented(this.offset(Gpr.rdi), Register.ES, this.size, false));
  }

  /** Stores to ES:[rDI]. */
  storeDestination(value: Value): void {
    this.b.store(this.size, this.lift.segmented(this.offset(Gpr.rdi), Register.ES, this.size, true), value);
  }

  private offset(register: number): Value {
    return this.b.extendU(this.lift.gpr(register, this.addressSize));
  }

  /** Moves rSI or rDI to the next element: forwards when DF is 0. */
  advance(register: number): void {
    const { b, size } = this;
    const flags = b.field32(StateOffset.systemFlags);
    // DF is bit 10: size - 2 * size * DF.
    const back = b.and(b.shrU(flags, b.i32(10 - Math.log2(size) - 1)), b.i32(2 * size));
    const step = b.sub(b.i32(size), back);
    this.move(register, b.extendS(step));
  }

  /** Counts rCX down. */
  countDown(): void {
    this.move(Gpr.rcx, this.b.i64(-1));
  }

  done(): Value {
    return this.b.eqz(this.lift.gpr(Gpr.rcx, this.addressSize));
  }

  private move(register: number, by: Value): void {
    const { b, lift, addressSize } = this;
    lift.setGpr(register, addressSize, b.wrapTo(b.add(b.register(register), by), addressSize));
  }
}

/** A string instruction's element; with REP it is repeated rCX times. */
const repeated =
  (size: number, element: (string: StringLift) => void) =>
  (lift: Lift): void => {
    const string = new StringLift(lift, size);
    const { b, instruction } = lift;
    if (!instruction.hasRepPrefix && !instruction.hasRepnePrefix) {
      element(string);
      return;
    }
    b.repeat(() => {
      b.exitIf(string.done());
      element(string);
      string.countDown();
      b.exitIf(string.done());
    });
  };

/** As `repeated`, and REPE ends when the elements differ, REPNE when they are equal. */
const compared =
  (size: number, element: (string: StringLift) => void) =>
  (lift: Lift): void => {
    const string = new StringLift(lift, size);
    const { b, instruction } = lift;
    const whileEqual = instruction.hasRepePrefix || instruction.hasRepPrefix;
    if (!whileEqual && !instruction.hasRepnePrefix) {
      element(string);
      return;
    }
    b.repeat(() => {
      b.exitIf(string.done());
      element(string);
      const equal = condition(b, 4);
      string.countDown();
      b.exitIf(whileEqual ? b.eqz(equal) : equal);
      b.exitIf(string.done());
    });
  };

const moveElement = (string: StringLift): void => {
  string.storeDestination(string.loadSource());
  string.advance(Gpr.rsi);
  string.advance(Gpr.rdi);
};

const storeElement = (string: StringLift): void => {
  string.storeDestination(string.lift.gpr(Gpr.rax, string.size));
  string.advance(Gpr.rdi);
};

const loadElement = (string: StringLift): void => {
  string.lift.setGpr(Gpr.rax, string.size, string.loadSource());
  string.advance(Gpr.rsi);
};

const scanElement = (string: StringLift): void => {
  const { size, lift } = string;
  const value = string.loadDestination();
  liftCompare(lift, size, lift.gpr(Gpr.rax, size), value);
  string.advance(Gpr.rdi);
};

const compareElement = (string: StringLift): void => {
  const { size, lift } = string;
  const first = string.loadSource();
  const second = string.loadDestination();
  liftCompare(lift, size, first, second);
  string.advance(Gpr.rsi);
  string.advance(Gpr.rdi);
};

export const strings: LiftTable = [
  [Mnemonic.Movsb, repeated(1, moveElement)],
  [Mnemonic.Movsw, repeated(2, moveElement)],
  [Mnemonic.Movsd, repeated(4, moveElement)],
  [Mnemonic.Movsq, repeated(8, moveElement)],
  [Mnemonic.Stosb, repeated(1, storeElement)],
  [Mnemonic.Stosw, repeated(2, storeElement)],
  [Mnemonic.Stosd, repeated(4, storeElement)],
  [Mnemonic.Stosq, repeated(8, storeElement)],
  [Mnemonic.Lodsb, repeated(1, loadElement)],
  [Mnemonic.Lodsw, repeated(2, loadElement)],
  [Mnemonic.Lodsd, repeated(4, loadElement)],
  [Mnemonic.Lodsq, repeated(8, loadElement)],
  [Mnemonic.Scasb, compared(1, scanElement)],
  [Mnemonic.Scasw, compared(2, scanElement)],
  [Mnemonic.Scasd, compared(4, scanElement)],
  [Mnemonic.Scasq, compared(8, scanElement)],
  [Mnemonic.Cmpsb, compared(1, compareElement)],
  [Mnemonic.Cmpsw, compared(2, compareElement)],
  [Mnemonic.Cmpsd, compared(4, compareElement)],
  [Mnemonic.Cmpsq, compared(8, compareElement)],
];
