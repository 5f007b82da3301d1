import type { Random } from "../differential/random";
import { validFields } from "../src/vmx/test-host";
import { VMCS_REVISION, Vmcs } from "../src/vmx/vmcs";
import { VmcsField } from "../src/vmx/vmcs-field";
import { PAGE, Place, Selector } from "./layout";
import { type GuestMemory, physicalMemory } from "./tables";

const F = VmcsField;

/** Where operands of VMXON and VMPTRLD are: behind what the processor uses of the VMXON region. */
const POINTERS = Place.vmxon + 0x800;

/** Memory of write-back type, 4 levels (SDM 3C, "Extended-Page-Table Pointer"). */
const EPTP = Place.ept | 0x1e;
/** Read, write, execute. */
const EPT_ALL = 7;
/** A 2 MiB page of write-back type. */
const EPT_LARGE = 0xb7;

const SECONDARY = { activate: 0x8000_0000, ept: 2, unrestricted: 0x80 } as const;

/** `vmxon`, `vmptrld`, `vmlaunch`; what follows an exit: the guest goes on two bytes further. */
const prologue = [
  ...[0xf3, 0x0f, 0xc7, 0x34, 0x25, ...word(POINTERS)], // vmxon [POINTERS]
  ...[0x0f, 0xc7, 0x34, 0x25, ...word(POINTERS + 8)], // vmptrld [POINTERS + 8]
  ...[0x0f, 0x01, 0xc2, 0xeb, 0x11], // vmlaunch; jmp behind this
];
const host = [
  ...[0xb8, 0x1e, 0x68, 0, 0, 0x0f, 0x78, 0xc1], // mov eax, 681eh; vmread rcx, rax
  ...[0x83, 0xc1, 2, 0x0f, 0x79, 0xc1], // add ecx, 2; vmwrite rax, rcx
  ...[0x0f, 0x01, 0xc3], // vmresume
];

/** What a hypervisor's code begins with. */
export const hypervisorCode = Uint8Array.from([...prologue, ...host]);

function word(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

/** Regions of VMX, and EPT that maps RAM to itself. The VMCS would let a guest run, but for what chance changes. */
export function writeHypervisor(memory: GuestMemory, random: Random): void {
  memory.word(Place.vmxon, VMCS_REVISION);
  memory.word(Place.vmcs, VMCS_REVISION);
  memory.pair(POINTERS, Place.vmxon, 0);
  memory.pair(POINTERS + 8, Place.vmcs, 0);
  memory.pair(Place.ept, (Place.ept + PAGE) | EPT_ALL, 0);
  memory.pair(Place.ept + PAGE, (Place.ept + 2 * PAGE) | EPT_ALL, 0);
  memory.pair(Place.ept + 2 * PAGE, EPT_LARGE, 0);
  const ram = physicalMemory(memory);
  const vmcs = new Vmcs(ram, BigInt(Place.vmcs));
  for (const [field, value] of [...validFields, ...ownFields(random)]) {
    vmcs.set(field, value);
  }
  for (let count = random.pick([0, 0, 1, 2, 4, 16]); count > 0; count--) {
    const field = random.pick(Object.values(F));
    vmcs.set(field, random.chance(60) ? vmcs.get(field) ^ (1n << BigInt(random.below(64))) : someValue(random));
  }
  vmcs.store(ram);
}

/** Fields that depend on where things lie. */
function ownFields(random: Random): [VmcsField, bigint][] {
  const paged = random.chance(60);
  const code = random.chance(70) ? Place.code + prologue.length : Place.code + random.below(Place.codeSize);
  const fields: [VmcsField, number][] = [
    [F.hostCr3, Place.pml4],
    [F.hostCsSelector, Selector.code64],
    [F.hostSsSelector, Selector.data],
    [F.hostTrSelector, Selector.tss],
    [F.hostTrBase, Place.tss],
    [F.hostGdtrBase, Place.gdt],
    [F.hostIdtrBase, Place.idt],
    [F.hostRsp, Place.stackTop - 0x400],
    [F.hostRip, code],
    [F.guestCr3, Place.pml4],
    [F.guestCsSelector, Selector.code64],
    [F.guestSsSelector, Selector.data],
    [F.guestTrSelector, Selector.tss],
    [F.guestTrBase, Place.tss],
    [F.guestGdtrBase, Place.gdt],
    [F.guestGdtrLimit, 0x1ff],
    [F.guestIdtrBase, Place.idt],
    [F.guestIdtrLimit, 0xfff],
    [F.guestRsp, Place.stackTop - 0x800],
    [F.guestRip, Place.code + random.below(Place.codeSize)],
    [F.exceptionBitmap, random.chance(50) ? 0 : random.u32()],
  ];
  if (paged) {
    fields.push(
      [F.eptPointer, EPTP],
      [F.secondaryControls, SECONDARY.ept | (random.chance(30) ? SECONDARY.unrestricted : 0)],
    );
  }
  const valid = new Map(validFields);
  const controls = Number(valid.get(F.processorControls) ?? 0n) | (paged ? SECONDARY.activate : 0);
  // Any other exits.
  fields.push([
    F.processorControls,
    (controls | (random.chance(50) ? random.u32() & 0x60f9_fffe & ~0x0200_0000 : 0)) >>> 0,
  ]);
  return fields.map(([field, value]) => [field, BigInt(value)]);
}

const someValue = (random: Random): bigint =>
  random.pick([
    0n,
    1n,
    0xffff_ffff_ffff_ffffn,
    BigInt(random.u32()),
    (BigInt(random.u32()) << 32n) | BigInt(random.u32()),
  ]);
