import type { PortBus } from "../../devices/bus";
import type { LocalApic } from "../../devices/local-apic";
import { ApicRegister } from "../../devices/local-apic-registers";

/**
 * Ports, and what is written to them. The timer makes 18.2 ticks a second, which kernels count that never program it.
 * Requests 0, 1, 2, 6, 8, 12, 13 and 14 are not masked, at vectors 8 to 15 and 70H to 77H (IBM PC AT Technical Reference,
 * "System Interrupts"; the masks are those that QEMU's firmware leaves).
 */
const portWrites: readonly (readonly [port: number, ...values: number[]])[] = [
  [0x43, 0x34],
  [0x40, 0x00, 0x00],
  [0x20, 0x11],
  [0x21, 0x08, 0x04, 0x01, 0xb8],
  [0xa0, 0x11],
  [0xa1, 0x70, 0x02, 0x01, 0x8e],
];

/** On, LINT0 for the 8259, LINT1 for NMI (MultiProcessor Specification 1.4, 3.6.2.2, "Virtual Wire Mode"). */
const virtualWire = [
  [ApicRegister.spuriousVector, 0x1ff],
  [ApicRegister.lvtLint0, 0x700],
  [ApicRegister.lvtLint1, 0x400],
] as const;

/** Brings devices to where firmware leaves them. @param apic the bootstrap processor's */
export function leaveAsFirmware(ports: PortBus, apic: LocalApic): void {
  for (const [port, ...values] of portWrites) {
    for (const value of values) ports.writePort(port, 1, value);
  }
  for (const [register, value] of virtualWire) apic.writeRegister(register, value);
}
