import fc from "fast-check";
import { expect, it } from "vitest";
import { AcpiPm } from "./acpi-pm";
import { MmioBus, PortBus } from "./bus";
import { DebugExit } from "./debug-exit";
import { memoryMap } from "./e820";
import { FwCfg } from "./fw-cfg";
import { IO_APIC_ADDRESS, IO_APIC_LENGTH } from "./io-apic";
import { KeyboardController } from "./keyboard-controller";
import { PcTestdev } from "./pc-testdev";
import { PicPair } from "./pic-pair";
import { Pit8254 } from "./pit8254";
import { ResetPorts } from "./reset-ports";
import { Rtc } from "./rtc";
import { TestApics } from "./test-apics";
import { COM1, COM2, Uart16550 } from "./uart16550";
import { VgaRegisters } from "./vga-registers";

const MEMORY = 128 << 20;

/** All devices of a PC, at their places on one bus. */
function makePc(): { ports: PortBus; memory: MmioBus; pic: PicPair; machine: TestApics } {
  const machine = new TestApics(2);
  const { clock, ioApic } = machine;
  const [ports, memory] = [new PortBus(), new MmioBus()];
  const ignore = (): void => undefined;
  const pic = new PicPair(machine.apics[0].apic.lint0);
  pic.connect(ports);
  new Pit8254(clock, pic.line(0)).connect(ports);
  new Rtc({ clock, irq: pic.line(8), memory: MEMORY }).connect(ports);
  for (const { port, irq } of [COM1, COM2]) new Uart16550(port, pic.line(irq), ignore).connect(ports);
  new AcpiPm(clock, pic.line(9), ignore).connect(ports);
  new DebugExit(ignore).connect(ports);
  new FwCfg({ cpus: 2, memory: MEMORY, e820: memoryMap(MEMORY) }).connect(ports);
  new KeyboardController({ reset: ignore, keyboardIrq: pic.line(1), mouseIrq: pic.line(12) }).connect(ports);
  new ResetPorts(ignore).connect(ports);
  new VgaRegisters(clock).connect(ports);
  new PcTestdev(Array.from({ length: 24 }, (_, pin) => ioApic.line(pin))).connect(ports, memory);
  memory.register(IO_APIC_ADDRESS, IO_APIC_LENGTH, ioApic);
  memory.register(0xfee00000, 0x1000, machine.apics[0].page);
  return { ports, memory, pic, machine };
}

const size = fc.constantFrom(1 as const, 2 as const, 4 as const);
const value = fc.oneof(fc.nat(0xff), fc.integer({ min: 0, max: 0xffffffff }));
const port = fc.oneof(
  fc.constantFrom(0x20, 0x21, 0x40, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x92, 0xa0, 0xa1, 0xcf9, 0x510, 0x511),
  fc.integer({ min: 0, max: 0x7ff }),
  fc.nat(0xffff),
);
const address = fc.oneof(
  fc.integer({ min: 0xfec00000, max: 0xfec00050 }),
  fc.integer({ min: 0xfee00000, max: 0xfee00400 }),
  fc.integer({ min: 0xfefffff0, max: 0xff010000 }),
);
const step = fc.oneof(
  fc.record({ kind: fc.constant("port" as const), port, size, value }),
  fc.record({ kind: fc.constant("memory" as const), address, bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
  fc.record({ kind: fc.constant("time" as const), ns: fc.nat(100_000) }),
);

it("lets a guest access what it likes: nothing throws, reads are in range, and time goes on", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const { ports, memory, pic, machine } = makePc();
      const { clock } = machine;
      const buffer = new Uint8Array(16);
      let woken = 0;
      for (const access of steps) {
        if (access.kind === "port") {
          ports.writePort(access.port, access.size, access.value);
          const read = ports.readPort(access.port, access.size);
          expect(read >= 0 && read < 2 ** (access.size * 8)).toBe(true);
        } else if (access.kind === "memory") {
          memory.write(access.address, access.bytes, 0, access.bytes.length);
          memory.read(access.address, buffer, 0, access.bytes.length);
        } else {
          const end = clock.now() + access.ns;
          for (; clock.nextDeadline() <= end; woken++) clock.runDue(clock.nextDeadline());
          clock.runDue(end);
        }
        const [{ apic }] = machine.apics;
        if (apic.pendingVector() >= 0) apic.acknowledge();
        else if (apic.extIntPending()) pic.acknowledge();
      }
      // No timer comes back sooner than 1000 ns; besides, each access can set one that is due at once.
      expect(woken).toBeLessThanOrEqual(4 * (clock.now() / 1000 + 1) + 4 * steps.length);
    }),
  );
});
