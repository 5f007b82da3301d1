import { Cr0, Efer } from "../../mmu/control-bits";
import { Rights } from "../../vmx/segments";
import type { Processor } from "../processor";
import { Rflags, Segment } from "../state";
import { StateWord } from "../state-word";

/** Protected or IA-32e mode, not virtual-8086 mode. */
export const inProtectedMode = ({ state }: Processor): boolean =>
  (state.u32[StateWord.cr0] & Cr0.PE) !== 0 && (state.u32[StateWord.systemFlags] & Rflags.VM) === 0;

export const inRealMode = ({ state }: Processor): boolean => (state.u32[StateWord.cr0] & Cr0.PE) === 0;

export const inVirtual8086 = ({ state }: Processor): boolean => (state.u32[StateWord.systemFlags] & Rflags.VM) !== 0;

/** IA-32e mode: 64-bit or compatibility mode. */
export const inLongMode = ({ state }: Processor): boolean => (state.u32[StateWord.efer] & Efer.LMA) !== 0;

/** 64-bit mode: 64-bit code in IA-32e mode. */
export const in64BitMode = (p: Processor): boolean =>
  inLongMode(p) && (p.state.u32[StateWord.segmentRights + Segment.cs] & Rights.long) !== 0;

/** Whether the current privilege level is 0. */
export const atCpl0 = ({ state }: Processor): boolean => state.u32[StateWord.cpl] === 0;

/** Whether a bit of CR4 is set. */
export const hasCr4 = ({ state }: Processor, bit: number): boolean => (state.u32[StateWord.cr4] & bit) !== 0;
