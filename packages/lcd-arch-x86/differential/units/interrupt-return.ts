import { type Draft, forget, pushNear, pushNumber } from "../draft";
import { emit } from "../encode";
import { Gdt } from "../segments";
import { ALL_FLAGS } from "../undefined";
import { forward, simple } from "./integer";
import type { Unit } from "./unit";

const RCX = 1;
const POP_RCX = 0x59;
const PUSH_RCX = 0x51;
const PUSH_RSP = 0x54;
const PUSH_CS = 0x0e;
const PUSH = 0x68;
const IRET = 0xcf;
const REX_W = 0x48;

/** AC and ID, with IF and what CPL 3 may not change: IOPL, VIF and VIP. */
const OTHERS = 0x3c_3200;

/** Code that is called and goes back with IRET, to a copy of its return address in a frame that it pushes. */
export const interruptReturn: Unit = {
  name: "call and return with IRET",
  write(draft) {
    const { bytes, random } = draft;
    let called = 0;
    forward(draft, [0xeb], "short", () => {
      called = bytes.length;
      if (random.chance(50)) {
        emit(draft, random.pick(simple), { forceMemory: false });
      }
      bytes.push(POP_RCX);
      (draft.code === 64 ? wideFrame : narrowFrame)(draft);
    });
    forget(draft, RCX);
    bytes.push(0xe8);
    const bits = draft.code === 16 ? 16 : 32;
    pushNumber(bytes, called - (bytes.length + bits / 8), bits);
  },
};

/** Selectors that neither CS nor SS takes: code and data with other privilege, and null. */
const refused = [Gdt.code32 & ~3, Gdt.data & ~3, 0, 3];

/** SS, RSP, RFLAGS, CS and RIP. */
function wideFrame(draft: Draft): void {
  const { bytes, random } = draft;
  bytes.push(PUSH);
  pushNear(draft, random.chance(90) ? Gdt.data : random.pick(refused));
  bytes.push(PUSH_RSP, PUSH);
  pushNear(draft, someFlags(draft));
  bytes.push(PUSH);
  pushNear(draft, random.chance(95) ? Gdt.code64 : random.pick(refused));
  bytes.push(PUSH_RCX, REX_W, IRET);
}

/** EFLAGS, CS and EIP, or 16 bits of them. */
function narrowFrame(draft: Draft): void {
  draft.bytes.push(PUSH);
  pushNear(draft, someFlags(draft));
  draft.bytes.push(PUSH_CS, PUSH_RCX, IRET);
}

function someFlags({ random }: Draft): number {
  const direction = random.chance(15) ? 0x400 : 0;
  return (random.u32() & (ALL_FLAGS | (OTHERS & ~(random.chance(90) ? 0x4_0000 : 0)))) | direction | 2;
}
