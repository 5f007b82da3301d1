import { __hpa, type hpa_t, PAGE_SIZE } from "../address";
import { CpuState, Segment, STATE_SIZE } from "../cpu/state";
import { KernelError } from "../errno";
import { PhysicalMemory } from "../machine/physical-memory";
import { Access, Mmu } from "../mmu";
import { Vmx, type VmxProcessorPort } from "../vmx";
import type { LcdMachine, LcdProcessor, PageSource } from "./machine-port";

const TSC = 0x10;
const FEATURE_CONTROL = 0x3a;

/** Control registers by number and MSRs by number, where the state has them. */
const controlRegisters = new Map<number, "cr0" | "cr2" | "cr3" | "cr4" | "cr8">([
  [0, "cr0"],
  [2, "cr2"],
  [3, "cr3"],
  [4, "cr4"],
  [8, "cr8"],
]);
const msrs = new Map<number, "efer" | "pat" | "featureControl">([
  [0xc000_0080, "efer"],
  [0x277, "pat"],
  [FEATURE_CONTROL, "featureControl"],
]);

/**
 * A processor with real VMX whose guest code is a function: it does what instructions would do to the state, and ends
 * with a VM exit.
 */
export class ScriptedProcessor implements LcdProcessor, VmxProcessorPort {
  readonly state = new CpuState(new ArrayBuffer(STATE_SIZE), 0);
  readonly gpr = this.state.gpr;
  readonly vmx: Vmx;
  readonly mmu: Mmu;
  rflags = 2n;
  interruptibility = 0;
  retired = 0;
  deadline = Number.POSITIVE_INFINITY;
  /** EPT pointers that INVEPT named. */
  readonly invalidated: (bigint | null)[] = [];
  guest: (processor: ScriptedProcessor) => void = () => {};

  constructor(
    readonly index: number,
    readonly memory: PhysicalMemory,
    buffer: ArrayBuffer,
  ) {
    const { state } = this;
    state.set64("cr0", 0x8001_0033n);
    state.set64("cr4", 0x20n);
    state.set64("efer", 0xd01n);
    state.set64("pat", 0x0007_0406_0007_0406n);
    state.set32("segmentRights", 0xa09b, Segment.cs);
    this.vmx = new Vmx(this);
    this.mmu = new Mmu(state, { words: new Uint32Array(buffer), size: memory.size });
  }

  run(): { kind: string } {
    this.guest(this);
    return { kind: this.state.get32("nonRoot") === 0 ? "vm-exit" : "limit" };
  }

  /** Makes the access that a guest with paging off would make: a VM exit for what EPT refuses. */
  access(gpa: number, access: 0 | 1 | 2): number | null {
    if (this.mmu.translate(gpa >>> 0, Math.floor(gpa / 2 ** 32), access)) return this.mmu.hpa;
    const { fault } = this.mmu;
    if (fault.kind !== "ept-violation") throw new Error(fault.kind);
    this.vmx.exit(48, {
      qualification: BigInt(fault.qualification),
      guestLinearAddress: BigInt(gpa),
      guestPhysicalAddress: fault.gpa,
    });
    return null;
  }

  readMsr(index: number): bigint {
    if (index === TSC) return BigInt(this.retired);
    const field = msrs.get(index);
    const value = field === undefined ? this.vmx.readCapabilityMsr(index) : this.state.get64(field);
    if (value === undefined) throw new Error(`no MSR 0x${index.toString(16)}`);
    return value;
  }

  writeMsr(index: number, value: bigint): void {
    const field = msrs.get(index);
    if (field === undefined) throw new Error(`no MSR 0x${index.toString(16)}`);
    this.state.set64(field, value);
  }

  readControlRegister(number: number): bigint {
    return this.state.get64(controlRegister(number));
  }

  writeControlRegister(number: number, value: bigint): void {
    if (number === 4 && !this.vmx.cr4Allowed(value)) throw new Error("#GP(0): CR4");
    this.state.set64(controlRegister(number), value);
  }

  addressSpaceChanged(): void {}

  invalidateEpt(eptp: bigint | null): void {
    this.invalidated.push(eptp);
  }

  invalidateVpid(): void {}
}

function controlRegister(number: number): "cr0" | "cr2" | "cr3" | "cr4" | "cr8" {
  const field = controlRegisters.get(number);
  if (field === undefined) throw new Error(`no CR${number}`);
  return field;
}

/** Pages of a test machine, last freed first, and a check that each is freed once. */
export class TestPages implements PageSource {
  private readonly free: number[] = [];
  private readonly taken = new Set<number>();
  private readonly memory: PhysicalMemory;
  /** Pages that may still be taken; then ENOMEM. */
  limit = Number.POSITIVE_INFINITY;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
    for (let page = memory.size / PAGE_SIZE - 1; page > 0; page--) this.free.push(page * PAGE_SIZE);
  }

  get used(): number {
    return this.taken.size;
  }

  allocPage(): hpa_t {
    const page = this.limit-- > 0 ? this.free.pop() : undefined;
    if (page === undefined) throw new KernelError("ENOMEM", "no page left");
    this.memory.fill(__hpa(page), PAGE_SIZE, 0);
    this.taken.add(page);
    return __hpa(page);
  }

  freePage(hpa: hpa_t): void {
    const page = Number(hpa);
    if (!this.taken.delete(page)) throw new Error(`page 0x${page.toString(16)} was not taken`);
    this.memory.fill(hpa, PAGE_SIZE, 0xcc);
    this.free.push(page);
  }
}

/** A machine of scripted processors with 1 MiB of RAM. */
export class TestMachine implements LcdMachine {
  readonly buffer = new ArrayBuffer(0x10_0000);
  readonly memory = new PhysicalMemory(this.buffer, 0, this.buffer.byteLength, () => {});
  readonly pages = new TestPages(this.memory);
  readonly processors: ScriptedProcessor[];

  constructor(processors = 2) {
    this.processors = Array.from(
      { length: processors },
      (_, index) => new ScriptedProcessor(index, this.memory, this.buffer),
    );
  }
}

export { Access };
