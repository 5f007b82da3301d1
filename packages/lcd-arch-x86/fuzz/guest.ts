import { Random } from "../differential/random";
import { guestCode } from "./guest-code";
import { hypervisorCode, writeHypervisor } from "./hypervisor";
import { PAGE, Place } from "./layout";
import { type Mode, type ModeName, modes } from "./modes";
import { GuestMemory, writeTables } from "./tables";

/** A guest as it starts: all of its memory, and the random choices that its registers are made from. */
export interface Guest {
  readonly mode: Mode;
  readonly memory: Uint8Array;
  /** Gives what registers hold. */
  readonly random: Random;
  /** Processors of the computer that it runs on; 0: it runs on a processor with nothing around it. */
  readonly computer: number;
  /** Instructions that it may execute. */
  readonly limit: number;
}

const MAX_INSTRUCTIONS = 4000;

/** The guest of a mode and a seed: always the same. */
export function makeGuest(name: ModeName, seed: number): Guest {
  const random = new Random(seed);
  const mode = modes[name];
  const memory = new GuestMemory();
  writeTables(memory, mode, random);
  const length = random.pick([32, 128, 512, PAGE - 64]);
  memory.bytes.set(guestCode(mode.bits, Place.code, length, random), Place.code);
  if (mode.hypervisor) {
    memory.bytes.set(hypervisorCode, Place.code);
    writeHypervisor(memory, random);
  }
  for (let vector = 0; vector < 256; vector++) {
    memory.bytes.set(handlerCode(mode, random), Place.handlers + vector * Place.handlerSize);
  }
  for (let at = Place.data; at < Place.data + Place.dataSize; at += 4) {
    memory.word(at, random.chance(60) ? 0 : random.u32());
  }
  // A guest of a processor alone is interrupted when it makes too much to translate, which is not the same in all tiers.
  const computer = random.pick(mode.hypervisor ? [1, 1, 2, 4] : [0, 0, 1, 2, 4]);
  return { mode, memory: memory.bytes, random, computer, limit: 1 + random.below(MAX_INSTRUCTIONS) };
}

const IRET = 0xcf;
const HLT = 0xf4;

/** Most handlers return, some behind the instruction, others do anything. */
function handlerCode(mode: Mode, random: Random): Uint8Array {
  const iret = mode.bits === 64 || mode.long ? [0x48, IRET] : [IRET];
  const choice = random.below(100);
  if (choice < 55) {
    // add dword [sp], 2: in real mode through BP, which is as good as any other register.
    const skip = mode.bits === 16 && !mode.protection ? [0x89, 0xe5, 0x83, 0x46, 0x00, 0x02] : [0x83, 0x04, 0x24, 0x02];
    return Uint8Array.from([...skip, ...iret]);
  }
  if (choice < 75) {
    return Uint8Array.from(iret);
  }
  if (choice < 80) {
    return Uint8Array.of(HLT);
  }
  const length = Place.handlerSize;
  return guestCode(mode.long ? 64 : mode.protection ? 32 : 16, Place.handlers, length, random);
}
