import type { Draft } from "../differential/draft";
import { forget, pushNear, pushNumber } from "../differential/draft";
import { emit } from "../differential/encode";
import type { Form } from "../differential/forms/form";
import { integerForms } from "../differential/forms/integer";
import { legacyForms, longForms, segmentForms, systemForms } from "../differential/forms/legacy";
import { mmxForms, sseForms } from "../differential/forms/sse";
import { x87Forms } from "../differential/forms/x87";
import type { CodeSize } from "../differential/kinds";
import type { Random } from "../differential/random";
import { integerUnits } from "../differential/units/index";
import { IO_APIC_ADDRESS } from "../src/devices/io-apic";
import { LOCAL_APIC_ADDRESS, PAGE, Place, Selector } from "./layout";

const common = [...integerForms, ...segmentForms, ...systemForms, ...sseForms, ...mmxForms, ...x87Forms];

const forms: Record<CodeSize, readonly Form[]> = {
  16: [...common, ...legacyForms],
  32: [...common, ...legacyForms],
  64: [...common, ...longForms],
};

const RAX = 0;
const RCX = 1;
const RDX = 2;
const MOV_IMMEDIATE = 0xb8;

/** Registers that hold an address of data when a guest starts. */
export const pointerRegisters = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 7);

/** Code of a guest that does anything at all. @param base address of its first byte */
export function guestCode(bits: CodeSize, base: number, length: number, random: Random): Uint8Array {
  const draft: Draft = {
    random,
    bytes: [],
    code: bits,
    base,
    codeSegment: 0,
    window: Place.data,
    alignment: 16,
    pointers: pointerRegisters,
    smalls: 1 << RCX,
    written: 0,
  };
  while (draft.bytes.length < length) {
    part(draft);
  }
  return Uint8Array.from(draft.bytes.slice(0, length));
}

function part(draft: Draft): void {
  const { random, bytes, code } = draft;
  const choice = random.below(100);
  if (choice < 25) {
    for (let count = 1 + random.below(8); count > 0; count--) {
      bytes.push(random.u32() & 0xff);
    }
  } else if (choice < 55) {
    emit(draft, random.pick(forms[code]));
  } else if (choice < 62) {
    random.pick(integerUnits).write(draft);
  } else if (choice < 72) {
    // A jump to somewhere near.
    bytes.push(random.pick([0xeb, 0xe2, 0x70 | random.below(16)]), random.u32() & 0xff);
  } else if (choice < 80) {
    // An opcode of the second or third map.
    bytes.push(0x0f, ...random.pick([[random.below(256)], [0x38, random.below(256)], [0x3a, random.below(256)]]));
    bytes.push(random.u32() & 0xff);
  } else {
    random.pick(attacks)(draft);
  }
}

/** `mov reg, value`, 32 bits wide. */
function load(draft: Draft, register: number, value: number): void {
  if (draft.code === 16) {
    draft.bytes.push(0x66);
  }
  draft.bytes.push(MOV_IMMEDIATE | register);
  pushNumber(draft.bytes, value, 32);
  forget(draft, register);
}

/** ModRM and displacement of an absolute address. */
function absolute({ bytes, code }: Draft, reg: number, address: number): void {
  if (code === 16) {
    bytes.push((reg << 3) | 6);
    pushNumber(bytes, address, 16);
    return;
  }
  bytes.push((reg << 3) | (code === 64 ? 4 : 5), ...(code === 64 ? [0x25] : []));
  pushNumber(bytes, address, 32);
}

/** Somewhere in the tables of the processor, in code, or in data. */
function target(random: Random): number {
  return random.pick([
    random.below(Place.tablesEnd),
    random.pick([Place.table, Place.table32]) + random.below(16) * 8,
    Place.code + random.below(Place.codeSize),
    Place.handlers + random.below(256 * Place.handlerSize),
    Place.data + random.below(Place.dataSize),
  ]);
}

const msrs = [
  0x10, 0x1b, 0x3a, 0x3b, 0x174, 0x175, 0x176, 0x1a0, 0x1d9, 0x200, 0x277, 0x2ff, 0x480, 0x48b, 0x6e0, 0x800, 0x830,
  0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103,
];

/** A number that is a control register's, mostly, with a bit changed. */
function controlValue(random: Random): number {
  const usual = random.pick([0x8000_0031, 0x8001_0033, 0x31, 0x10, 0x6a0, 0x20, 0x2020, 0x500, 0xd01, Place.pml4]);
  return random.chance(20) ? random.u32() : usual ^ (random.chance(60) ? 1 << random.below(32) : 0);
}

function someSelector(random: Random): number {
  return random.chance(70) ? random.pick(Object.values(Selector)) : random.below(0x200);
}

/** Operands of VMXON, VMCLEAR and VMPTRLD: where a region may be. */
const vmxRegion = (random: Random): number => Place.data + (random.chance(80) ? 0 : random.below(64));

/**
 * Where devices of a PC are: 8259, 8254, keyboard controller, RTC, 8259, VGA, serial port, fw_cfg, ACPI, reset, debug exit,
 * pc-testdev.
 */
const ports = [0x20, 0x40, 0x60, 0x70, 0xa0, 0x3c0, 0x3d4, 0x3f8, 0x510, 0x600, 0xcf8, 0xf0, 0xe0, 0x2000];

/** A register of the local APIC, by its number, and what to write there: mostly what sends or makes interrupts. */
function apicWrite(random: Random): [number, number] {
  const vector = random.below(256);
  const mode = random.below(8) << 8;
  return random.pick<[number, number]>([
    // Interrupt command: to itself, to all, to all others, of every delivery mode.
    [0x30, vector | mode | 0x4000 | (random.below(4) << 18)],
    [0x30, vector | 0x4000 | (random.below(4) << 18)],
    [0x30, (Place.code / PAGE) | 0x4600 | (3 << 18)],
    [0x31, random.below(4) << 24],
    // Timer: vector and mode, count, divider.
    [0x32, vector | (random.below(4) << 17)],
    [0x38, random.below(2000)],
    [0x3e, random.below(16)],
    [random.pick([0x33, 0x34, 0x35, 0x36, 0x37]), vector | mode],
    // Task priority, end of interrupt, spurious vector.
    [0x08, random.below(256)],
    [0x0b, 0],
    [0x0f, vector | 0x100],
    [random.below(0x40), random.u32()],
  ]);
}

/** `mov dword [address], value` */
function writeWord(draft: Draft, address: number, value: number): void {
  if (draft.code === 16) {
    // What 16 bits cannot address: mov eax, address; mov dword [eax], value
    load(draft, RAX, address);
    draft.bytes.push(0x66, 0x67, 0xc7, 0x00);
  } else {
    draft.bytes.push(0xc7);
    absolute(draft, 0, address);
  }
  pushNumber(draft.bytes, value, 32);
}

/** What a guest does that wants to harm its host. */
const attacks: readonly ((draft: Draft) => void)[] = [
  function controlRegister(draft) {
    load(draft, RAX, controlValue(draft.random));
    draft.bytes.push(0x0f, 0x22, 0xc0 | (draft.random.pick([0, 2, 3, 4, 4, 8]) << 3));
  },
  function debugRegister(draft) {
    load(draft, RAX, draft.random.chance(50) ? target(draft.random) : draft.random.u32());
    draft.bytes.push(0x0f, 0x23, 0xc0 | (draft.random.below(8) << 3));
  },
  function writeMsr(draft) {
    load(draft, RCX, draft.random.chance(80) ? draft.random.pick(msrs) : draft.random.u32());
    load(draft, RAX, controlValue(draft.random));
    load(draft, RDX, draft.random.pick([0, 0, 0, 0xffff_ffff, draft.random.u32()]));
    draft.bytes.push(0x0f, draft.random.pick([0x30, 0x30, 0x32]));
  },
  function overwrite(draft) {
    draft.bytes.push(0xc7);
    absolute(draft, 0, target(draft.random));
    pushNear(draft, draft.random.u32());
  },
  function changeBit(draft) {
    // xor byte [address], bit
    draft.bytes.push(0x80);
    absolute(draft, 6, target(draft.random));
    draft.bytes.push(1 << draft.random.below(8));
  },
  function loadTableRegister(draft) {
    draft.bytes.push(0x0f, 0x01);
    absolute(draft, draft.random.below(8), target(draft.random));
  },
  function segmentRegister(draft) {
    load(draft, RAX, someSelector(draft.random));
    draft.bytes.push(0x8e, 0xc0 | (draft.random.below(6) << 3));
  },
  function systemSegment(draft) {
    load(draft, RAX, someSelector(draft.random));
    draft.bytes.push(0x0f, 0x00, 0xc0 | (draft.random.below(6) << 3));
  },
  function farJumpOrCall(draft) {
    const { random, bytes } = draft;
    bytes.push(random.pick([0xea, 0x9a]));
    pushNear(draft, Place.code + random.below(Place.codeSize));
    pushNumber(bytes, someSelector(random), 16);
  },
  function farThroughMemory(draft) {
    draft.bytes.push(0xff);
    absolute(draft, draft.random.pick([3, 5]), target(draft.random));
  },
  function interrupt(draft) {
    draft.bytes.push(...draft.random.pick([[0xcd, draft.random.below(256)], [0xcc], [0xce], [0xf1]]));
  },
  function returnFromInterrupt(draft) {
    const { random, bytes, code } = draft;
    // push ss, sp, flags, cs, ip; iret
    for (const value of [Selector.data, Place.stackTop - 512, random.u32(), someSelector(random), Place.code]) {
      bytes.push(0x68);
      pushNear(draft, value);
    }
    bytes.push(...(code === 64 ? [0x48] : []), random.pick([0xcf, 0xcf, 0xcb, 0xca]));
  },
  function flags(draft) {
    draft.bytes.push(0x68);
    pushNear(draft, draft.random.u32());
    draft.bytes.push(0x9d);
  },
  function fastSystemCall(draft) {
    draft.bytes.push(0x0f, draft.random.pick([0x05, 0x07, 0x34, 0x35]));
  },
  function repeated(draft) {
    const { random, bytes } = draft;
    load(draft, RCX, random.pick([0, 1, 100, 0x1000, 0xffff_ffff, random.u32()]));
    bytes.push(random.pick([0xf2, 0xf3]), random.pick([0xa4, 0xa5, 0xa6, 0xaa, 0xab, 0xac, 0xae, 0x6c, 0x6e]));
  },
  function endless(draft) {
    draft.bytes.push(0xeb, 0xfe);
  },
  function vmx(draft) {
    const { random, bytes } = draft;
    const [prefix, digit] = random.pick([
      [[0xf3], 6],
      [[0x66], 6],
      [[], 6],
      [[], 7],
    ] as const);
    bytes.push(...prefix, 0x0f, 0xc7);
    absolute(draft, digit, vmxRegion(random));
  },
  function vmxOther(draft) {
    const { random, bytes } = draft;
    bytes.push(
      ...random.pick([
        [0x0f, 0x01, 0xc0 | random.below(5)],
        [0x0f, 0x78, 0xc0 | random.below(64)],
        [0x0f, 0x79, 0xc0 | random.below(64)],
        [0x66, 0x0f, 0x38, random.pick([0x80, 0x81, 0x82]), 0x03],
      ]),
    );
  },
  function otherGroup(draft) {
    const { random, bytes } = draft;
    bytes.push(
      ...random.pick([
        [0x0f, 0x01, 0xc0 | random.below(64)],
        [0x0f, 0xae, random.below(256)],
        [0x0f, 0xc7, random.below(256)],
      ]),
    );
  },
  function extendedState(draft) {
    const { random, bytes } = draft;
    bytes.push(0x0f, random.pick([0xae, 0xae, 0xc7]));
    absolute(draft, random.below(8), Place.data + random.below(32) * random.pick([1, 16, 64]));
  },
  function port(draft) {
    const { random, bytes } = draft;
    load(draft, RDX, random.chance(80) ? random.pick(ports) + random.below(8) : random.u32() & 0xffff);
    load(draft, RAX, random.u32());
    bytes.push(random.pick([0xec, 0xed, 0xee, 0xef]));
  },
  function localApicRegister(draft) {
    const base = draft.random.pick([Place.localApic, LOCAL_APIC_ADDRESS]);
    const [register, value] = apicWrite(draft.random);
    writeWord(draft, base + register * 16, value);
  },
  function x2apicRegister(draft) {
    const [register, value] = apicWrite(draft.random);
    load(draft, RCX, 0x800 + register);
    load(draft, RAX, value);
    load(draft, RDX, draft.random.below(5));
    draft.bytes.push(0x0f, 0x30);
  },
  function ioApicRegister(draft) {
    const base = draft.random.pick([Place.ioApic, IO_APIC_ADDRESS]);
    writeWord(draft, base, draft.random.below(0x40));
    writeWord(draft, base + 0x10, draft.random.chance(50) ? draft.random.below(0x100) : draft.random.u32());
  },
  function moveLocalApic(draft) {
    const { random } = draft;
    load(draft, RCX, 0x1b);
    load(draft, RAX, random.pick([LOCAL_APIC_ADDRESS, Place.data, Place.code]) + random.pick([0, 0x800, 0x900, 0xc00]));
    load(draft, RDX, 0);
    draft.bytes.push(0x0f, 0x30);
  },
];
