import { isCanonical } from "../../mmu/index";
import { Rights } from "../../vmx/segments";
import { generalProtection, notPresent } from "../exception";
import type { Processor } from "../processor";
import { type Descriptor, isNull, SystemType, selectorError, TABLE_INDICATOR } from "../segmentation/descriptor";
import { readDescriptor, setBusy } from "../segmentation/table";
import { Segment } from "../state";
import { withoutUmip } from "./descriptor-tables";
import { operandAddress, readMemory, writeMemory } from "./memory-operand";
import { inLongMode, inProtectedMode } from "./mode";
import { type Execute, next, type Operations } from "./operation";
import { setRegister } from "./registers";

/** A selector: a register's low half, or two bytes of memory. */
export const readSelector = (p: Processor, register: number): number =>
  register < 0 ? Number(readMemory(p, operandAddress(p), 2)) : Number(p.gpr[register] & 0xffffn);

/** SLDT and STR: memory gets two bytes, a register as much as it holds, zero-extended. */
const store = (segment: number): Execute =>
  next((p, [register, size]) => {
    const selector = BigInt(p.state.get32("segmentSelector", segment));
    if (register < 0) {
      writeMemory(p, operandAddress(p), 2, selector);
    } else {
      setRegister(p, register, size, selector);
    }
  });

/** Reads the GDT's descriptor of a system segment that is about to be loaded. */
function readSystemDescriptor(p: Processor, selector: number, types: ReadonlySet<number>): Descriptor {
  if ((selector & TABLE_INDICATOR) !== 0) {
    throw generalProtection(selectorError(selector));
  }
  const descriptor = readDescriptor(p, selector);
  if (!descriptor.isSystem || !types.has(descriptor.type) || !isCanonical(baseOf(descriptor))) {
    throw generalProtection(selectorError(selector));
  }
  if (!descriptor.isPresent) {
    throw notPresent(selectorError(selector));
  }
  return descriptor;
}

/** The base of a system segment: 64 bits of it in IA-32e mode. */
const baseOf = ({ base, upper }: Descriptor): bigint => BigInt(base) | (BigInt(upper >>> 0) << 32n);

function setSystemSegment(p: Processor, segment: number, descriptor: Descriptor, rights: number): void {
  const { state } = p;
  state.set32("segmentSelector", descriptor.selector, segment);
  state.set64("segmentBase", baseOf(descriptor), segment);
  state.set32("segmentLimit", descriptor.limit, segment);
  state.set32("segmentRights", rights, segment);
}

const localTables: ReadonlySet<number> = new Set([SystemType.ldt]);

const loadLocalTable = next((p, [register]) => {
  const selector = readSelector(p, register);
  if (isNull(selector)) {
    p.state.set32("segmentSelector", selector, Segment.ldtr);
    p.state.set32("segmentRights", Rights.unusable, Segment.ldtr);
    return;
  }
  const descriptor = readSystemDescriptor(p, selector, localTables);
  setSystemSegment(p, Segment.ldtr, descriptor, descriptor.rights);
});

const availableTasks: ReadonlySet<number> = new Set([SystemType.tss16, SystemType.tss]);
const availableLongTasks: ReadonlySet<number> = new Set([SystemType.tss]);

/** Bit of a TSS's type that makes it a busy one. */
const BUSY = 2;

const loadTask = next((p, [register]) => {
  const selector = readSelector(p, register);
  if (isNull(selector)) {
    throw generalProtection();
  }
  const descriptor = readSystemDescriptor(p, selector, inLongMode(p) ? availableLongTasks : availableTasks);
  setBusy(p, descriptor, true);
  setSystemSegment(p, Segment.tr, descriptor, descriptor.rights | BUSY);
});

const common = { exists: inProtectedMode, exits: "taskRegister", described: true } as const;

/** LLDT, LTR, SLDT and STR (SDM 2A, 2B). */
export const taskRegisters: Operations = {
  lldt: { ...common, execute: loadLocalTable },
  ltr: { ...common, execute: loadTask },
  sldt: { ...common, unprivileged: withoutUmip, execute: store(Segment.ldtr) },
  str: { ...common, unprivileged: withoutUmip, execute: store(Segment.tr) },
};
