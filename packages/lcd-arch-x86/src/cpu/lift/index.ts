import { FlowControl, Mnemonic, OpKind } from "iced-x86";
import type { Instruction } from "../instruction";
import { arithmetic } from "./arithmetic";
import { bitOperations } from "./bits";
import { bitManipulation } from "./bmi";
import type { BlockBuilder } from "./builder";
import { cacheLines } from "./cache";
import { controlTransfer } from "./control";
import { dataMovement } from "./data";
import { decimalArithmetic } from "./decimal";
import { division } from "./divide";
import { farInstructions, systemRegisterMoves } from "./far";
import { mmxInstructions, mmxWithoutRegisters } from "./mmx";
import { Lift, type RegisterKind, registerKind } from "./operands";
import { shifts } from "./shift";
import { mmxConversions, sseInstructions, sseWithoutRegisters } from "./sse";
import { strings } from "./strings";
import { invalidOpcode, systemInstructions, tooLong } from "./system";
import type { LiftFunction, LiftTable } from "./table";
import { x87Images, x87Instructions } from "./x87";

/** Meanings by mnemonic; what has none raises #UD. */
type Meanings = readonly (LiftFunction | undefined)[];

const byMnemonic = (...groups: LiftTable[]): Meanings => {
  const table: LiftFunction[] = [];
  for (const [mnemonic, meaning] of groups.flat()) {
    table[mnemonic] = meaning;
  }
  return table;
};

/**
 * The meaning of every instruction that the processor has. Some mnemonics stand for several instructions (MOV, MOVSD),
 * which are told apart by their registers: there is a table for each kind.
 */
const meanings: Readonly<Record<RegisterKind, Meanings>> = {
  general: byMnemonic(
    arithmetic,
    bitManipulation,
    bitOperations,
    cacheLines,
    controlTransfer,
    dataMovement,
    decimalArithmetic,
    division,
    farInstructions,
    mmxWithoutRegisters,
    shifts,
    sseWithoutRegisters,
    strings,
    systemInstructions,
    x87Instructions,
  ),
  /** With a segment, control or debug register. */
  system: byMnemonic(systemRegisterMoves),
  /** With an MMX register, whatever else there is. */
  mmx: byMnemonic(mmxInstructions, mmxConversions),
  /** With an XMM or x87 register. */
  vector: byMnemonic(sseInstructions, x87Instructions),
};

const systemMnemonics = new Set<Mnemonic>([
  Mnemonic.Popf,
  Mnemonic.Popfq,
  Mnemonic.Popfd,
  Mnemonic.Pushf,
  Mnemonic.Pushfd,
  ...systemInstructions.map(([mnemonic]) => mnemonic),
  ...farInstructions.map(([mnemonic]) => mnemonic),
  ...x87Images.map(([mnemonic]) => mnemonic),
]);

/** The kind of register that an instruction has besides general-purpose ones. */
function registerKindOf(instruction: Instruction): RegisterKind {
  let found: RegisterKind = "general";
  for (let operand = 0; operand < instruction.opCount; operand++) {
    if (instruction.opKind(operand) === OpKind.Register) {
      const kind = registerKind(instruction.opRegister(operand));
      if (kind === "mmx") {
        return kind;
      }
      found = found === "general" ? kind : found;
    }
  }
  return found;
}

/** Whether nothing can follow the instruction in its block. */
export function endsBlock(instruction: Instruction): boolean {
  const kind = registerKindOf(instruction);
  return (
    instruction.flowControl !== FlowControl.Next ||
    kind === "system" ||
    meanings[kind][instruction.mnemonic] === undefined ||
    systemMnemonics.has(instruction.mnemonic) ||
    isMany(instruction)
  );
}

/** An ENTER of several levels is so many loads and stores that a region is large with one of them. */
function isMany(instruction: Instruction): boolean {
  return instruction.mnemonic === Mnemonic.Enter && (Number(instruction.immediate(1)) & 31) > 1;
}

/** Adds the meaning of one instruction to a block. An encoding that is not one raises #UD. */
export function liftInstruction(builder: BlockBuilder, instruction: Instruction): void {
  const lift = new Lift(builder, instruction);
  if (instruction.isTooLong) {
    tooLong(lift);
    return;
  }
  const meaning = instruction.isInvalid ? undefined : meanings[registerKindOf(instruction)][instruction.mnemonic];
  if (meaning === undefined) {
    invalidOpcode(lift);
  } else {
    meaning(lift);
  }
}
