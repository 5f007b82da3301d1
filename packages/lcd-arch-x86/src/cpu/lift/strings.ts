import { Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../ir";
import { Gpr, StateOffset } from "../state";
import { liftCompare } from "./arithmetic";
import { condition } from "./conditions";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/** Addresses in string instructions are of 8 bytes, or 4 with an address-size prefix. */
const narrowKinds = new Set<OpKind>([OpKind.MemoryESEDI, OpKind.MemorySegESI]);

/** One string instruction: its element size, its address size, and the pieces its kinds are put together from. */
class StringLift {
  readonly b: Lift["b"];
  readonly addressSize: number;

  constructor(
    readonly lift: Lift,
    readonly size: number,
  ) {
    this.b = lift.b;
    const count = lift.operandCount;
    const narrow = Array.from({ length: count }, (_, operand) => lift.kind(operand)).some((k) => narrowKinds.has(k));
    this.addressSize = narrow ? 4 : 8;
  }

  /** Linear address of the source, DS:[rSI] unless a prefix names FS or GS. */
  source(): Value {
    const { b, lift } = this;
    return lift.withSegment(b.extendU(lift.gpr(Gpr.rsi, this.addressSize)), lift.instruction.memorySegment);
  }

  /** Linear address of the destination, ES:[rDI]. */
  destination(): Value {
    return this.b.extendU(this.lift.gpr(Gpr.rdi, this.addressSize));
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
    const { b, addressSize } = this;
    const moved = b.add(b.register(register), by);
    b.setRegister(register, addressSize === 8 ? moved : b.extendU(b.wrap(moved)));
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
  const { b, size } = string;
  b.store(size, string.destination(), b.load(size, string.source()));
  string.advance(Gpr.rsi);
  string.advance(Gpr.rdi);
};

const storeElement = (string: StringLift): void => {
  string.b.store(string.size, string.destination(), string.lift.gpr(Gpr.rax, string.size));
  string.advance(Gpr.rdi);
};

const loadElement = (string: StringLift): void => {
  string.lift.setGpr(Gpr.rax, string.size, string.b.load(string.size, string.source()));
  string.advance(Gpr.rsi);
};

const scanElement = (string: StringLift): void => {
  const { b, size, lift } = string;
  const value = b.load(size, string.destination());
  liftCompare(lift, size, lift.gpr(Gpr.rax, size), value);
  string.advance(Gpr.rdi);
};

const compareElement = (string: StringLift): void => {
  const { b, size, lift } = string;
  const first = b.load(size, string.source());
  const second = b.load(size, string.destination());
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
