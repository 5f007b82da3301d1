import { Cr4 } from "../../mmu/control-bits";
import { isCanonical } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { hasCr4, in64BitMode } from "./mode";
import { type Execute, next, type Operation, type Operations } from "./operation";
import { setRegister } from "./registers";

const read = (segment: number): Execute =>
  next((p, [register, size]) => setRegister(p, register, size, p.state.get64("segmentBase", segment)));

const write = (segment: number): Execute =>
  next((p, [register, size]) => {
    const base = BigInt.asUintN(size * 8, p.gpr[register]);
    if (!isCanonical(base)) {
      throw generalProtection();
    }
    p.state.set64("segmentBase", base, segment);
    p.addressSpaceChanged();
  });

/** 64-bit mode only, and the operating system must have allowed it: CPL 3 may change its own bases then. */
const exists = (p: Processor): boolean => in64BitMode(p) && hasCr4(p, Cr4.FSGSBASE);

const operation = (execute: Execute): Operation => ({ exists, unprivileged: true, execute });

/** RDFSBASE, RDGSBASE, WRFSBASE and WRGSBASE (SDM 2B). */
export const segmentBases: Operations = {
  rdfsbase: operation(read(Segment.fs)),
  rdgsbase: operation(read(Segment.gs)),
  wrfsbase: operation(write(Segment.fs)),
  wrgsbase: operation(write(Segment.gs)),
};
