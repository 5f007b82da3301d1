import { Cr0 } from "../../mmu/control-bits";
import { ExitReason } from "../../vmx/index";
import { CLTS_QUALIFICATION, lmswQualification } from "./access-qualification";
import { readControlRegister, writeControlRegister } from "./control-registers";
import { withoutUmip } from "./descriptor-tables";
import { operandAddress, readMemory, writeMemory } from "./memory-operand";
import { type Execute, next, type Operations } from "./operation";
import { setRegister } from "./registers";

/** The machine status word is the low half of CR0: SMSW stores it to memory, or as much of CR0 as a register holds. */
const storeStatus: Execute = next((p, [register, size]) => {
  const cr0 = readControlRegister(p, 0);
  if (register < 0) {
    writeMemory(p, operandAddress(p), 2, cr0);
  } else {
    setRegister(p, register, size, cr0);
  }
});

/** Bits of CR0 that LMSW loads. */
const STATUS_BITS = BigInt(Cr0.PE | Cr0.MP | Cr0.EM | Cr0.TS);
const PE = BigInt(Cr0.PE);
const TS = BigInt(Cr0.TS);

/** LMSW can set CR0.PE, but not clear it. */
const loadStatus: Execute = (p, [register], length) => {
  const address = operandAddress(p);
  const source = register < 0 ? readMemory(p, address, 2) : p.gpr[register] & 0xffffn;
  if (p.nonRoot && p.vmx.exits.lmsw(Number(source))) {
    p.vmExit(ExitReason.controlRegisterAccess, {
      qualification: lmswQualification(source, register < 0),
      guestLinearAddress: register < 0 ? address : 0n,
      instructionLength: length,
    });
    return "vm-exit";
  }
  const cr0 = p.state.get64("cr0");
  writeControlRegister(p, 0, (cr0 & ~STATUS_BITS) | (source & STATUS_BITS) | (cr0 & PE));
  return "next";
};

/** CLTS: the host may own CR0.TS, and then want to know or to keep it (SDM 3C, "Changes to Instruction Behavior"). */
const clearTaskSwitched: Execute = (p, _operands, length) => {
  if (p.nonRoot && p.vmx.exits.clts()) {
    p.vmExit(ExitReason.controlRegisterAccess, { qualification: CLTS_QUALIFICATION, instructionLength: length });
    return "vm-exit";
  }
  const cr0 = p.state.get64("cr0");
  p.state.set64("cr0", p.nonRoot ? p.vmx.exits.cr0Written(cr0, cr0 & ~TS) : cr0 & ~TS);
  p.addressSpaceChanged();
  return "next";
};

/** SMSW, LMSW and CLTS (SDM 2A, 2B). */
export const machineStatus: Operations = {
  smsw: { unprivileged: withoutUmip, execute: storeStatus },
  lmsw: { execute: loadStatus },
  clts: { execute: clearTaskSwitched },
};
