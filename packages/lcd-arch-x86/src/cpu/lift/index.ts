import { FlowControl, Mnemonic, OpKind } from "iced-x86";
import type { Instruction } from "../instruction";
import { arithmetic } from "./arithmetic";
import { bitOperations } from "./bits";
import type { BlockBuilder } from "./builder";
import { controlTransfer } from "./control";
import { dataMovement } from "./data";
import { division } from "./divide";
import { isGpr, Lift } from "./operands";
import { shifts } from "./shift";
import { strings } from "./strings";
import { invalidOpcode, systemInstructions, tooLong } from "./system";
import type { LiftFunction } from "./table";

/** The meaning of every instruction that the processor has, by mnemonic. What is not here raises #UD. */
const meanings: readonly (LiftFunction | undefined)[] = (() => {
  const table: LiftFunction[] = [];
  const groups = [
    arithmetic,
    bitOperations,
    controlTransfer,
    dataMovement,
    division,
    shifts,
    strings,
    systemInstructions,
  ];
  for (const [mnemonic, meaning] of groups.flat()) {
    table[mnemonic] = meaning;
  }
  return table;
})();

const systemMnemonics = new Set<Mnemonic>([
  Mnemonic.Popf,
  Mnemonic.Popfq,
  ...systemInstructions.map(([mnemonic]) => mnemonic),
]);

/** Whether a register operand is something else than a general-purpose register. */
function hasSpecialRegister(instruction: Instruction): boolean {
  for (let operand = 0; operand < instruction.opCount; operand++) {
    if (instruction.opKind(operand) === OpKind.Register && !isGpr(instruction.opRegister(operand))) {
      return true;
    }
  }
  return false;
}

/** Whether nothing can follow the instruction in its block. */
export function endsBlock(instruction: Instruction): boolean {
  return (
    instruction.flowControl !== FlowControl.Next ||
    meanings[instruction.mnemonic] === undefined ||
    systemMnemonics.has(instruction.mnemonic) ||
    hasSpecialRegister(instruction) ||
    isMany(instruction)
  );
}

/** An ENTER of several levels is so many loads and stores that a region is large with one of them. */
function isMany(instruction: Instruction): boolean {
  return instruction.mnemonic === Mnemonic.Enter && (Number(instruction.immediate(1)) & 31) > 1;
}

/** Longest instruction in bytes; a longer one raises #GP(0) (SDM 3B, "Exceeding Instruction-Length Limit"). */
const MAX_LENGTH = 15;

/** Adds the meaning of one instruction to a block. An encoding that is not one raises #UD. */
export function liftInstruction(builder: BlockBuilder, instruction: Instruction): void {
  const lift = new Lift(builder, instruction);
  if (instruction.isInvalid && instruction.length >= MAX_LENGTH) {
    tooLong(lift);
    return;
  }
  const meaning = instruction.isInvalid ? undefined : meanings[instruction.mnemonic];
  const special = hasSpecialRegister(instruction) && instruction.mnemonic !== Mnemonic.Mov;
  if (meaning === undefined || special) {
    invalidOpcode(lift);
  } else {
    meaning(lift);
  }
}
