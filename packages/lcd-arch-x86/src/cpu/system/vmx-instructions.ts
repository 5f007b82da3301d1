import { Cr4 } from "../../mmu/control-bits";
import { type ExitingInstruction, VM_ENTRY_FAILED, VM_SUCCEED, VmxFault } from "../../vmx/index";
import { GuestException } from "../exception";
import type { Processor } from "../processor";
import { addressBehind, operandAddress, readMemory, writeMemory } from "./memory-operand";
import { hasCr4, in64BitMode, inLongMode, inProtectedMode } from "./mode";
import { type Execute, next, type Operation, type Operations } from "./operation";
import { setRegister } from "./registers";

/** They do not exist in real-address, virtual-8086 and compatibility mode. */
const hasMode = (p: Processor): boolean => inProtectedMode(p) && (!inLongMode(p) || in64BitMode(p));

/** VMXON makes the others exist; that is asked before the CPL, and before memory is accessed. */
const exists = (p: Processor): boolean => hasMode(p) && p.vmx.on;
const vmxonExists = (p: Processor): boolean => hasMode(p) && hasCr4(p, Cr4.VMXE);

/** A source operand: memory, or a register. */
const readOperand = (p: Processor, register: number, size: number): bigint =>
  register < 0 ? readMemory(p, operandAddress(p), size) : BigInt.asUintN(size * 8, p.gpr[register]);

/** A 64-bit pointer in memory: the operand of most of them. */
const pointer = (p: Processor): bigint => readMemory(p, operandAddress(p), 8);

/** Lets `run` raise what VMX raises. */
function raising<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof VmxFault ? new GuestException(error.vector, error.errorCode) : error;
  }
}

/** A VMX instruction; its result has set RFLAGS. */
const vmx = (run: (p: Processor, operands: readonly number[]) => void): Execute =>
  next((p, operands) => raising(() => run(p, operands)));

const enterGuest =
  (launch: boolean): Execute =>
  (p) => {
    // The host goes on behind the instruction when the entry fails; else it goes on where its VMCS says.
    const result = raising(() => (launch ? p.vmx.vmlaunch() : p.vmx.vmresume()));
    return result === VM_SUCCEED || result === VM_ENTRY_FAILED ? "elsewhere" : "next";
  };

/** A number that encodes no VMCS field, for registers whose upper half is not 0. */
const NO_FIELD = 0xffff_ffff;

function fieldOf(p: Processor, register: number, size: number): number {
  const encoding = BigInt.asUintN(size * 8, p.gpr[register]);
  return encoding > BigInt(NO_FIELD) ? NO_FIELD : Number(encoding);
}

/** Stores what a VMX instruction gives; RFLAGS say so when that could be done. */
function store(p: Processor, address: bigint, size: number, give: () => bigint | null): void {
  const before = p.rflags;
  const value = give();
  if (value === null) {
    return;
  }
  const after = p.rflags;
  p.rflags = before;
  writeMemory(p, address, size, value);
  p.rflags = after;
}

/** VMREAD; operands are the destination, its size, and the register that names the field. */
const readField = vmx((p, [destination, size, register]) => {
  const read = (): bigint | null => {
    const value = p.vmx.vmread(fieldOf(p, register, size));
    return typeof value === "bigint" ? value : null;
  };
  if (destination < 0) {
    store(p, operandAddress(p), size, read);
    return;
  }
  const value = read();
  if (value !== null) {
    setRegister(p, destination, size, value);
  }
});

const writeField = vmx((p, [field, size, source]) =>
  p.vmx.vmwrite(fieldOf(p, field, size), readOperand(p, source, size)),
);

const invalidateByVpid = vmx((p, [type, size]) => {
  const at = operandAddress(p);
  const descriptor = readMemory(p, at, 8);
  p.vmx.invvpid(fieldOf(p, type, size), descriptor, readMemory(p, addressBehind(p, at, 8), 8));
});

const storePointer = vmx((p) => store(p, operandAddress(p), 8, () => p.vmx.vmptrst()));

/** Those that only VMX root operation at CPL 0 has; a guest's cause VM exits at any CPL. */
const instructions: readonly (readonly [name: ExitingInstruction, described: boolean, execute: Execute])[] = [
  ["vmxoff", false, vmx((p) => p.vmx.vmxoff())],
  ["vmclear", true, vmx((p) => p.vmx.vmclear(pointer(p)))],
  ["vmptrld", true, vmx((p) => p.vmx.vmptrld(pointer(p)))],
  ["vmptrst", true, storePointer],
  ["vmlaunch", false, enterGuest(true)],
  ["vmresume", false, enterGuest(false)],
  ["vmread", true, readField],
  ["vmwrite", true, writeField],
  ["invept", true, vmx((p, [type, size]) => p.vmx.invept(fieldOf(p, type, size), pointer(p)))],
  ["invvpid", true, invalidateByVpid],
];

const operation = (name: ExitingInstruction, described: boolean, execute: Execute): Operation => ({
  exists,
  exits: name,
  exitsAtAnyLevel: true,
  described,
  execute,
});

/** The VMX instructions, as machine code executes them (SDM 3C, "VMX Instruction Reference"). */
export const vmxInstructions: Operations = {
  vmcall: {
    ...operation(
      "vmcall",
      false,
      vmx((p) => p.vmx.vmcall()),
    ),
    // A guest can call its host from every mode: that it is one is asked first.
    exists: (p) => p.nonRoot || exists(p),
    unprivileged: true,
  },
  vmxon: {
    ...operation(
      "vmxon",
      true,
      vmx((p) => p.vmx.vmxon(pointer(p))),
    ),
    exists: vmxonExists,
  },
  ...Object.fromEntries(instructions.map(([name, described, execute]) => [name, operation(name, described, execute)])),
};
