import { type ExitingInstruction, VM_ENTRY_FAILED, VM_SUCCEED, VmxFault } from "../../vmx/index";
import { GuestException } from "../exception";
import type { Processor } from "../processor";
import { type Execute, next, type Operation } from "./operation";

/** A 64-bit source or destination operand: memory at `slowAddress`, or a register. */
const readOperand = (p: Processor, register: number): bigint =>
  register < 0 ? p.linear.read64(p.state.get64("slowAddress")) : p.gpr[register];

/** A VMX instruction; its result has set RFLAGS. */
const vmx = (run: (p: Processor, operands: readonly number[]) => void): Execute =>
  next((p, operands) => {
    try {
      run(p, operands);
    } catch (error) {
      throw error instanceof VmxFault ? new GuestException(error.vector, error.errorCode) : error;
    }
  });

const enterGuest =
  (launch: boolean): Execute =>
  (p) => {
    // The host goes on behind the instruction when the entry fails; else it goes on where its VMCS says.
    try {
      const result = launch ? p.vmx.vmlaunch() : p.vmx.vmresume();
      return result === VM_SUCCEED || result === VM_ENTRY_FAILED ? "elsewhere" : "next";
    } catch (error) {
      throw error instanceof VmxFault ? new GuestException(error.vector, error.errorCode) : error;
    }
  };

const execute: readonly (readonly [ExitingInstruction, Execute])[] = [
  ["vmxon", vmx((p) => p.vmx.vmxon(readOperand(p, -1)))],
  ["vmxoff", vmx((p) => p.vmx.vmxoff())],
  ["vmclear", vmx((p) => p.vmx.vmclear(readOperand(p, -1)))],
  ["vmptrld", vmx((p) => p.vmx.vmptrld(readOperand(p, -1)))],
  ["vmptrst", vmx((p) => p.linear.write64(p.state.get64("slowAddress"), p.vmx.vmptrst()))],
  ["vmlaunch", enterGuest(true)],
  ["vmresume", enterGuest(false)],
  [
    "vmread",
    vmx((p, [destination, , field]) => {
      const value = p.vmx.vmread(Number(p.gpr[field] & 0xffffffffn));
      if (typeof value === "bigint") {
        if (destination < 0) {
          p.linear.write64(p.state.get64("slowAddress"), value);
        } else {
          p.gpr[destination] = value;
        }
      }
    }),
  ],
  ["vmwrite", vmx((p, [field, , source]) => p.vmx.vmwrite(Number(p.gpr[field] & 0xffffffffn), readOperand(p, source)))],
  ["invept", vmx((p, [type]) => p.vmx.invept(Number(p.gpr[type]), readOperand(p, -1)))],
  [
    "invvpid",
    vmx((p, [type]) => {
      const at = p.state.get64("slowAddress");
      p.vmx.invvpid(Number(p.gpr[type]), p.linear.read64(at), p.linear.read64(BigInt.asUintN(64, at + 8n)));
    }),
  ],
];

/** The VMX instructions, as machine code executes them; a guest's cause VM exits. */
export const vmxInstructions: Readonly<Record<string, Operation>> = {
  vmcall: { execute: vmx((p) => p.vmx.vmcall()), unprivileged: true, exits: "vmcall" },
  ...Object.fromEntries(execute.map(([name, run]) => [name, { execute: run, exits: name, exitsAtAnyLevel: true }])),
};
