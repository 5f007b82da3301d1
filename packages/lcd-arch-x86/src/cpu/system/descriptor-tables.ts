import { Cr4 } from "../../mmu/control-bits";
import { isCanonical } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { addressBehind, operandAddress, probeWrite, readMemory, writeMemory } from "./memory-operand";
import { hasCr4, in64BitMode } from "./mode";
import { type Execute, next, type Operations } from "./operation";
import { checkAlignment } from "./segment-address";

/** GDTR or IDTR. */
interface TableRegister {
  readonly base: "gdtrBase" | "idtrBase";
  readonly limit: "gdtrLimit" | "idtrLimit";
}

const gdtr: TableRegister = { base: "gdtrBase", limit: "gdtrLimit" };
const idtr: TableRegister = { base: "idtrBase", limit: "idtrLimit" };

/** Bytes of the limit, before the base in memory. */
const LIMIT_SIZE = 2;

/** In the instruction information: the operand size is not 16 bits. */
const WIDE_OPERAND = 1 << 11;

/** Bits of the base that a load with a 16-bit operand size takes. */
const BASE_OF_286 = 0xffffffn;

const baseSize = (p: Processor): number => (in64BitMode(p) ? 8 : 4);

/** LGDT and LIDT; operand 2 is their instruction information, which tells the operand size. */
const load = ({ base, limit }: TableRegister): Execute =>
  next((p, [, , information]) => {
    const address = operandAddress(p);
    const bytes = readMemory(p, address, LIMIT_SIZE);
    const value = readMemory(p, addressBehind(p, address, LIMIT_SIZE), baseSize(p));
    if (in64BitMode(p) && !isCanonical(value)) {
      throw generalProtection();
    }
    const narrow = !in64BitMode(p) && (information & WIDE_OPERAND) === 0;
    p.state.set64(base, narrow ? value & BASE_OF_286 : value);
    p.state.set32(limit, Number(bytes));
  });

/**
 * SGDT and SIDT: the whole base, whatever the operand size is. It is the base that has to be aligned: programs put the
 * operand 2 bytes before a multiple of 4 (SDM 3A, "Segment Descriptor Tables").
 */
const store = ({ base, limit }: TableRegister): Execute =>
  next((p) => {
    const address = operandAddress(p);
    const baseAddress = addressBehind(p, address, LIMIT_SIZE);
    checkAlignment(p, baseAddress, baseSize(p));
    probeWrite(p, address, LIMIT_SIZE + baseSize(p));
    writeMemory(p, address, LIMIT_SIZE, BigInt(p.state.get32(limit)));
    writeMemory(p, baseAddress, baseSize(p), p.state.get64(base));
  });

/** With CR4.UMIP only CPL 0 learns where the processor's tables are. */
export const withoutUmip = (p: Processor): boolean => !hasCr4(p, Cr4.UMIP);

const stores = { unprivileged: withoutUmip, exits: "descriptorTable", described: true } as const;
const loads = { exits: "descriptorTable", described: true } as const;

/** LGDT, LIDT, SGDT and SIDT (SDM 2A, 2B). */
export const descriptorTables: Operations = {
  lgdt: { ...loads, execute: load(gdtr) },
  lidt: { ...loads, execute: load(idtr) },
  sgdt: { ...stores, execute: store(gdtr) },
  sidt: { ...stores, execute: store(idtr) },
};
