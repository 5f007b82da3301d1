import type { hpa_t } from "../address";
import type { Processor } from "../cpu/processor";
import { readControlRegister } from "../cpu/system/control-registers";
import { KernelError } from "../errno";
import type { Machine } from "../machine/machine";
import { Cr4 } from "../mmu";
import { instructionErrorWords, VM_FAIL_INVALID, VM_SUCCEED, VmxFault, type VmxResult } from "../vmx";
import { type DomainControls, domainControls, enableVmxFeature, vmcsRevision } from "./capabilities";
import type { LcdArch } from "./lcd-arch";
import type { PageSource } from "./page-source";

const VMXE = BigInt(Cr4.VMXE);

/** A processor in VMX operation. */
export class VmxProcessor {
  readonly processor: Processor;
  readonly controls: DomainControls;
  readonly vmxonRegion: hpa_t;
  /** The domain whose VMCS is current here. */
  current: LcdArch | null = null;

  constructor(processor: Processor, controls: DomainControls, vmxonRegion: hpa_t) {
    this.processor = processor;
    this.controls = controls;
    this.vmxonRegion = vmxonRegion;
  }
}

/** The arch layer of one host kernel: its machine with VMX on. Made by `lcd_arch_init`. */
export class LcdArchSystem {
  readonly machine: Machine;
  readonly pages: PageSource;
  readonly processors: readonly VmxProcessor[];
  /** Revision identifier of VMCS regions. */
  readonly revision: number;
  readonly domains = new Set<LcdArch>();
  private readonly vpids = new Set<number>();
  private nextVpid = 1;

  constructor(machine: Machine, pages: PageSource, processors: readonly VmxProcessor[], revision: number) {
    this.machine = machine;
    this.pages = pages;
    this.processors = processors;
    this.revision = revision;
  }

  /** A VPID that no other domain has. @throws KernelError ENOSPC when all 65,535 are in use */
  takeVpid(): number {
    for (let tries = 0; tries < MAX_VPID; tries++) {
      const vpid = this.nextVpid;
      this.nextVpid = (vpid % MAX_VPID) + 1;
      if (this.vpids.has(vpid)) continue;
      this.vpids.add(vpid);
      return vpid;
    }
    throw new KernelError("ENOSPC", `all ${MAX_VPID} virtual-processor identifiers are in use`);
  }

  releaseVpid(vpid: number): void {
    this.vpids.delete(vpid);
  }

  /** The VMX side of a processor. @throws KernelError EINVAL when it is another machine's */
  processorOf(processor: Processor): VmxProcessor {
    const found = this.processors[processor.index];
    if (found?.processor === processor) return found;
    throw new KernelError("EINVAL", `processor ${processor.index} is not one of this machine's`);
  }
}

const MAX_VPID = 0xffff;

/**
 * Turns VMX on, on every processor.
 *
 * @throws KernelError ENODEV when a processor lacks something that domains need; ENOMEM; then VMX is off everywhere
 * @see seed 001; SDM 3C, "Discovering Support for VMX", "Enabling and Entering VMX Operation"
 */
export function lcd_arch_init(machine: Machine, pages: PageSource): LcdArchSystem {
  const [first] = machine.processors;
  if (first === undefined) throw new KernelError("ENODEV", "the machine has no processor");
  const on: VmxProcessor[] = [];
  try {
    for (const processor of machine.processors) on.push(turnOn(machine, pages, processor));
  } catch (error) {
    for (const { processor, vmxonRegion } of on) turnOff(pages, processor, vmxonRegion);
    throw error;
  }
  return new LcdArchSystem(machine, pages, on, vmcsRevision(first));
}

/**
 * Turns VMX off again, on every processor.
 *
 * @throws KernelError EBUSY while there are domains
 */
export function lcd_arch_exit(system: LcdArchSystem): void {
  const count = system.domains.size;
  if (count > 0) {
    throw new KernelError("EBUSY", `VMX stays on: ${count === 1 ? "a domain still exists" : `${count} domains exist`}`);
  }
  for (const { processor, vmxonRegion } of system.processors) turnOff(system.pages, processor, vmxonRegion);
}

/** Turns the result of a VMX instruction into an error. @throws KernelError EIO, with the manual's words */
export function checkVmx(result: VmxResult, what: string): void {
  if (result === VM_SUCCEED) return;
  const words = result === VM_FAIL_INVALID ? "VMfailInvalid: no current VMCS" : instructionErrorWords(result);
  throw new KernelError("EIO", `${what}: ${words}`);
}

function turnOn(machine: Machine, pages: PageSource, processor: Processor): VmxProcessor {
  if (processor.vmx.on) throw new KernelError("EBUSY", `VMX is on already on processor ${processor.index}`);
  const controls = domainControls(processor);
  enableVmxFeature(processor);
  const region = pages.allocPage();
  try {
    machine.memory.writeU32(region, vmcsRevision(processor));
    processor.writeControlRegister(4, readControlRegister(processor, 4) | VMXE);
    vmxon(processor, region);
  } catch (error) {
    processor.writeControlRegister(4, readControlRegister(processor, 4) & ~VMXE);
    pages.freePage(region);
    throw error;
  }
  return new VmxProcessor(processor, controls, region);
}

/** @throws KernelError ENODEV when the processor is not in a mode that has VMX, EIO when it does not take the region */
function vmxon(processor: Processor, region: hpa_t): void {
  try {
    if (processor.vmx.vmxon(region) === VM_SUCCEED) return;
  } catch (cause) {
    if (!(cause instanceof VmxFault)) throw cause;
    throw new KernelError("ENODEV", `VMXON on processor ${processor.index}: ${cause.message}`, { cause });
  }
  throw new KernelError("EIO", `VMXON on processor ${processor.index} failed at 0x${region.toString(16)}`);
}

function turnOff(pages: PageSource, processor: Processor, vmxonRegion: hpa_t): void {
  processor.vmx.vmxoff();
  processor.writeControlRegister(4, readControlRegister(processor, 4) & ~VMXE);
  pages.freePage(vmxonRegion);
}
