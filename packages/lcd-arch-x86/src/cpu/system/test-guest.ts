import { __hpa } from "../../address";
import { BareMachine, CODE } from "../../testing/index";
import { REVISION, validFields } from "../../vmx/test-host";
import { VmcsField as F, type VmcsField } from "../../vmx/vmcs-field";

const VMXON_REGION = 0x8000n;
const VMCS_REGION = 0x9000n;
const TABLES = 0x1000n;
const HOST_RIP = 0x5000n;
const VMXE = 0x2000n;
const ENABLE_VMX = 5n;

/** What a VM exit has recorded. */
export interface RecordedExit {
  reason: number;
  qualification: bigint;
  information: number;
  linearAddress: bigint;
  length: number;
}

/** A guest of VMX with flat 64-bit segments at CPL 0 and no EPT, in a machine of its own. */
export class TestGuest extends BareMachine {
  /** @param fields VMCS fields that are other than in the valid set: execution controls, say */
  constructor(fields: readonly (readonly [VmcsField, bigint])[] = []) {
    super();
    const { cpu } = this;
    this.machine.memory.writeU32(__hpa(VMXON_REGION), REVISION);
    this.machine.memory.writeU32(__hpa(VMCS_REGION), REVISION);
    cpu.writeMsr(0x3a, ENABLE_VMX);
    cpu.writeControlRegister(4, cpu.readControlRegister(4) | VMXE);
    cpu.vmx.vmxon(VMXON_REGION);
    cpu.vmx.vmclear(VMCS_REGION);
    cpu.vmx.vmptrld(VMCS_REGION);
    const own = [
      [F.hostCr3, TABLES],
      [F.hostRip, HOST_RIP],
      [F.guestCr3, TABLES],
      [F.guestRip, CODE],
    ] as const;
    for (const [field, value] of [...validFields, ...own, ...fields]) {
      cpu.vmx.vmwrite(field, value);
    }
  }

  /** Runs guest code until it exits. */
  exit(code: readonly number[]): RecordedExit {
    this.machine.memory.write(__hpa(CODE), Uint8Array.from(code));
    this.cpu.vmx.vmlaunch();
    const stop = this.cpu.run(1000);
    if (stop.kind !== "vm-exit") {
      throw new Error(`the guest stopped: ${JSON.stringify(stop)}; ${this.cpu.vmx.entryFailure}`);
    }
    return {
      reason: Number(this.field(F.exitReason)),
      qualification: this.field(F.exitQualification),
      information: Number(this.field(F.exitInstructionInformation)),
      linearAddress: this.field(F.guestLinearAddress),
      length: Number(this.field(F.exitInstructionLength)),
    };
  }

  private field(field: VmcsField): bigint {
    const value = this.cpu.vmx.vmread(field);
    if (typeof value !== "bigint") {
      throw new Error(`VMREAD failed with ${value}`);
    }
    return value;
  }
}
