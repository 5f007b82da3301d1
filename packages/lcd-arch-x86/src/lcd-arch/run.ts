import type { Processor } from "../cpu/processor";
import { Gpr } from "../cpu/state";
import { KernelError } from "../errno";
import { VM_ENTRY_FAILED, VmcsField } from "../vmx";
import { type LcdArchExit, type LcdArchExitCause, readExit } from "./exit";
import { alive, type LcdArch, makeCurrent, vmread, vmwrite } from "./lcd-arch";
import { checkVmx, type VmxProcessor } from "./system";

/** How to run a domain. */
export interface LcdArchRunOptions {
  /** Instructions until it is preempted; without it, it runs until it exits. */
  readonly budget?: number;
}

/** What the 32 bits of the VMX-preemption timer hold. */
const TIMER_MAX = 0xffff_ffff;

const TSC_MSR = 0x10;

/**
 * Runs a domain on a processor until it exits.
 *
 * @throws KernelError EINVAL when its registers are not valid for a VM entry, the processor is another machine's, or
 *   the budget is no number of instructions; EIO when a VMX instruction fails
 * @see seed 001, EXAMPLE; SDM 3C, "VM Entries"
 */
export function lcd_arch_run(lcd: LcdArch, processor: Processor, options: LcdArchRunOptions = {}): LcdArchExit {
  const { budget = Number.POSITIVE_INFINITY } = options;
  if (!(budget >= 0)) throw new KernelError("EINVAL", `a budget of ${budget} instructions`);
  const { system } = alive(lcd);
  const on = system.processorOf(processor);
  makeCurrent(lcd, on);
  const start = processor.readMsr(TSC_MSR);
  let left = Math.floor(budget);
  for (;;) {
    const timer = Math.min(left, TIMER_MAX);
    vmwrite(lcd, VmcsField.preemptionTimer, BigInt(timer));
    const cause = enter(lcd, on);
    left -= timer;
    if (cause.kind === "preempted" && left > 0) continue;
    return { instructions: Number(processor.readMsr(TSC_MSR) - start), ...cause };
  }
}

/** One VM entry and the VM exit that ends it. */
function enter(lcd: LcdArch, on: VmxProcessor): LcdArchExitCause {
  const { internals, regs } = lcd;
  const { processor } = on;
  if (regs[Gpr.rsp] !== internals.vmcsRsp) {
    vmwrite(lcd, VmcsField.guestRsp, regs[Gpr.rsp]);
    internals.vmcsRsp = regs[Gpr.rsp];
  }
  processor.gpr.set(regs);
  internals.cachedOn.add(on);
  const result = internals.launched ? processor.vmx.vmresume() : processor.vmx.vmlaunch();
  if (result === VM_ENTRY_FAILED) {
    const why = processor.vmx.entryFailure ?? "invalid guest state";
    throw new KernelError("EINVAL", `VM entry failed: ${why}`);
  }
  checkVmx(result, internals.launched ? "VMRESUME" : "VMLAUNCH");
  internals.launched = true;
  const stop = processor.run();
  if (stop.kind !== "vm-exit") throw new KernelError("EIO", `the processor stopped in a domain: ${stop.kind}`);
  regs.set(processor.gpr);
  internals.vmcsRsp = vmread(lcd, VmcsField.guestRsp);
  regs[Gpr.rsp] = internals.vmcsRsp;
  return readExit(lcd);
}
