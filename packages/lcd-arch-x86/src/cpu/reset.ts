import { Cr0, Cr4, Efer } from "../mmu/control-bits";
import { Rights } from "../vmx/segments";
import { type CpuState, Segment } from "./state";
import { MISC_ENABLE_RESET } from "./system/msr";
import { ControlWord } from "./x87/words";

/** Power-up values of the page attribute table and the debug registers (SDM 3A, "Processor State After Reset"). */
const PAT_RESET = 0x0007040600070406n;
const DR6_RESET = 0xffff0ff0n;
const DR7_RESET = 0x400n;
const MXCSR_RESET = 0x1f80;
/** XCR0: x87 state only. */
const XCR0_RESET = 1n;

const CODE_RIGHTS = 0xa09b;
const DATA_RIGHTS = 0xc093;
const BUSY_TSS_RIGHTS = 0x8b;

/** Control, segment and debug registers as a 64-bit loader leaves them: flat segments, paging on, CR3 0. */
export function setLongModeState(state: CpuState): void {
  state.gpr.fill(0n);
  state.set64("cr0", BigInt.asUintN(32, BigInt(Cr0.PE | Cr0.MP | Cr0.ET | Cr0.NE | Cr0.WP | Cr0.PG)));
  state.set64("cr3", 0n);
  state.set64("cr4", BigInt(Cr4.PAE));
  state.set64("efer", BigInt(Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE));
  state.set64("pat", PAT_RESET);
  state.set64("miscEnable", MISC_ENABLE_RESET);
  state.set64("xcr0", XCR0_RESET);
  state.set32("mxcsr", MXCSR_RESET);
  state.set32("fpuControl", ControlWord.initial);
  state.set32("fpuStatus", 0);
  state.set32("fpuTags", 0);
  state.set64("dr", DR6_RESET, 6);
  state.set64("dr", DR7_RESET, 7);
  const flat = (segment: number, selector: number, rights: number): void => {
    state.set32("segmentSelector", selector, segment);
    state.set32("segmentLimit", 0xffffffff, segment);
    state.set32("segmentRights", rights, segment);
  };
  flat(Segment.cs, 0x10, CODE_RIGHTS);
  for (const segment of [Segment.ss, Segment.ds, Segment.es, Segment.fs, Segment.gs]) {
    flat(segment, 0x18, DATA_RIGHTS);
  }
  state.set32("segmentRights", Rights.unusable, Segment.ldtr);
  state.set32("segmentSelector", 0x40, Segment.tr);
  state.set32("segmentLimit", 0x67, Segment.tr);
  state.set32("segmentRights", BUSY_TSS_RIGHTS, Segment.tr);
}
