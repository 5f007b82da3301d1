import {
  __gva,
  type gpa_t,
  gprNames,
  gva_add,
  type gva_t,
  type LcdArchExit,
  lcd_arch_ept_walk,
  lcd_arch_pc,
  lcd_arch_rflags,
  lcd_arch_sp,
} from "lcd-arch-x86";
import { readGuestPrefix } from "../lcd/guest-memory";
import { walkGuest } from "../lcd/guest-walk";
import type { Lcd } from "../lcd/lcd";
import { describePageFault, describeSelector, exceptions, PAGE_FAULT } from "./exceptions";
import type { FaultCause, FaultReport, MemoryOperation } from "./fault-report";
import type { LcdThread } from "./lcd-thread";
import { locate } from "./locate";

/** Code shown before and after the instruction, in bytes. */
const CODE_BEFORE = 64;
const CODE_AFTER = 32;
/** Words of the stack shown. */
const STACK_WORDS = 8;

/** Says why a thread cannot go on after an exit. */
export function makeFaultReport(thread: LcdThread, exit: LcdArchExit): FaultReport {
  const { lcd } = thread;
  const rip = lcd_arch_pc(lcd.arch);
  const cause = causeOf(exit);
  const address = addressOf(cause);
  const walk = address === null ? null : walkGuest(lcd, address);
  const gpa = cause.kind === "ept-violation" ? cause.gpa : (walk?.page?.gpa ?? null);
  return {
    domain: lcd.name,
    thread: thread.name,
    cause,
    rip,
    location: locate(lcd.host, rip),
    registers: Object.fromEntries(gprNames.map((name, index) => [name, registerOf(lcd, name, index)])),
    rflags: lcd_arch_rflags(lcd.arch),
    code: codeAround(lcd, rip),
    stack: stackOf(lcd),
    walk,
    ept: gpa === null ? null : eptOf(lcd, gpa),
    instructions: thread.instructions,
  };
}

function causeOf(exit: LcdArchExit): FaultCause {
  switch (exit.kind) {
    case "exception":
      return exceptionCause(exit);
    case "ept-violation":
      return {
        kind: "ept-violation",
        operation: eptOperation(exit.qualification),
        gpa: exit.gpa,
        gva: exit.gva,
        duringWalk: exit.gva !== null && (exit.qualification & 0x100n) === 0n,
        qualification: exit.qualification,
      };
    case "ept-misconfiguration":
      return refused("EPT misconfiguration", `guest-physical 0x${exit.gpa.toString(16)}`);
    case "hlt":
      return refused("hlt", "no interrupt would ever wake the domain");
    case "triple-fault":
      return refused("triple fault", "an exception could not be delivered");
    case "other":
      return refused(exit.name, `exit reason ${exit.reason}, qualification 0x${exit.qualification.toString(16)}`);
    case "vmcall":
    case "preempted":
    case "external-interrupt":
      return refused(exit.kind, "it was not expected here");
  }
}

function refused(name: string, detail: string): FaultCause {
  return { kind: "refused", name, detail };
}

function exceptionCause(exit: Extract<LcdArchExit, { kind: "exception" }>): FaultCause {
  const { vector, errorCode, address } = exit;
  const known = exceptions[vector] ?? { mnemonic: `vector ${vector}`, name: "exception" };
  const isPageFault = vector === PAGE_FAULT && errorCode !== null && address !== null;
  const meaning = errorCode === null ? [] : isPageFault ? describePageFault(errorCode) : describeSelector(errorCode);
  const access = isPageFault ? { operation: pageFaultOperation(errorCode), address: __gva(address) } : null;
  return { kind: "exception", vector, ...known, errorCode, meaning, access };
}

/** Bits 1 and 4 of a page fault's error code (SDM 3A, "Page-Fault Exceptions"). */
function pageFaultOperation(errorCode: number): MemoryOperation {
  if (errorCode & 0x10) return "execute";
  return errorCode & 2 ? "write" : "read";
}

/** Bits 0 to 2 of the qualification (SDM 3C, "Exit Qualification for EPT Violations"). */
function eptOperation(qualification: bigint): MemoryOperation {
  if ((qualification & 4n) !== 0n) return "execute";
  return (qualification & 2n) !== 0n ? "write" : "read";
}

function addressOf(cause: FaultCause): gva_t | null {
  if (cause.kind === "exception") return cause.access?.address ?? null;
  return cause.kind === "ept-violation" ? cause.gva : null;
}

function registerOf(lcd: Lcd, name: string, index: number): bigint {
  return name === "rsp" ? lcd_arch_sp(lcd.arch) : lcd.arch.regs[index];
}

/** Starts at the function, when that is near, so that it can be disassembled. */
function codeAround(lcd: Lcd, rip: gva_t): FaultReport["code"] {
  const offset = locate(lcd.host, rip)?.offset ?? 0;
  const before = offset <= CODE_BEFORE ? offset : 0;
  const address = gva_add(rip, -before);
  const bytes = readGuestPrefix(lcd, address, before + CODE_AFTER);
  return { address, bytes: bytes.length > 0 ? bytes : loadedCode(lcd, address, before + CODE_AFTER) };
}

/** Code as it was loaded, for a domain that has lost its page tables. */
function loadedCode(lcd: Lcd, address: gva_t, length: number): Uint8Array {
  const parts = lcd.host.modules.at(address)?.loaded.parts ?? [];
  const part = parts.find(
    (p) => p.kind === "text" && address >= p.address && address < gva_add(p.address, p.bytes.length),
  );
  if (part === undefined) return new Uint8Array(0);
  const offset = Number(address - part.address);
  return part.bytes.slice(offset, offset + length);
}

function stackOf(lcd: Lcd): FaultReport["stack"] {
  const sp = lcd_arch_sp(lcd.arch);
  const bytes = readGuestPrefix(lcd, sp, STACK_WORDS * 8);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, index) => {
    const value = view.getBigUint64(index * 8, true);
    return { address: gva_add(sp, index * 8), value, location: locate(lcd.host, __gva(value)) };
  });
}

function eptOf(lcd: Lcd, gpa: gpa_t): FaultReport["ept"] {
  const found = lcd_arch_ept_walk(lcd.arch, gpa);
  if (found === null) return { gpa, entry: null, rights: { read: false, write: false, execute: false } };
  const { entry, read, write, execute } = found;
  return { gpa, entry, rights: { read, write, execute } };
}
