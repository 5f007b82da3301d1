import { describe, expect, it } from "vitest";
import { KernelError } from "../errno";
import { type AccessSize, joinedLine, MmioBus, PortBus } from "./bus";

/** Notes what it is asked, and reads as its port or offset. */
class Recorder {
  readonly writes: [at: number, size: AccessSize, value: number][] = [];
  readonly reads: [at: number, size: AccessSize][] = [];

  readPort(port: number, size: AccessSize): number {
    this.reads.push([port, size]);
    return port & 0xff;
  }

  writePort(port: number, size: AccessSize, value: number): void {
    this.writes.push([port, size, value]);
  }

  readMemory(offset: number, size: AccessSize): number {
    return this.readPort(offset, size);
  }

  writeMemory(offset: number, size: AccessSize, value: number): void {
    this.writePort(offset, size, value);
  }
}

describe("the port bus", () => {
  it("reads ones where no device is, up to the last port and across it", () => {
    const bus = new PortBus();
    expect([bus.readPort(0x80, 1), bus.readPort(0x80, 2), bus.readPort(0x80, 4)]).toEqual([0xff, 0xffff, 0xffffffff]);
    expect(bus.readPort(0xffff, 4)).toBe(0xffffffff);
    bus.writePort(0xffff, 4, 1);
  });

  it("splits an access that is wider than the device, low byte first", () => {
    const bus = new PortBus();
    const device = new Recorder();
    bus.register(0x60, 4, device);
    bus.writePort(0x60, 4, 0x44332211);
    expect(device.writes).toEqual([
      [0x60, 1, 0x11],
      [0x61, 1, 0x22],
      [0x62, 1, 0x33],
      [0x63, 1, 0x44],
    ]);
    expect(bus.readPort(0x60, 4)).toBe(0x63626160);
  });

  it("gives a wide device the whole access, and splits only what is wider still", () => {
    const bus = new PortBus();
    const device = new Recorder();
    bus.register(0x510, 4, device, 2);
    bus.writePort(0x510, 2, 0x8001);
    bus.writePort(0x510, 4, 0xaaaabbbb);
    expect(device.writes).toEqual([
      [0x510, 2, 0x8001],
      [0x510, 2, 0xbbbb],
      [0x512, 2, 0xaaaa],
    ]);
  });

  it("gives a device only the bytes of an access that are its own", () => {
    const bus = new PortBus();
    const device = new Recorder();
    bus.register(0x21, 1, device, 4);
    bus.writePort(0x20, 4, 0x44332211);
    expect(device.writes).toEqual([[0x21, 1, 0x22]]);
    expect(bus.readPort(0x20, 4)).toBe(0xffff21ff);
  });

  it("refuses a port that is taken, or is none", () => {
    const bus = new PortBus();
    bus.register(0x20, 2, new Recorder());
    expect(() => bus.register(0x1f, 2, new Recorder())).toThrow(KernelError);
    expect(() => bus.register(0xffff, 2, new Recorder())).toThrow(KernelError);
  });
});

describe("the MMIO bus", () => {
  it("finds the region of an address", () => {
    const bus = new MmioBus();
    const high = new Recorder();
    bus.register(0xfee00000, 0x1000, high);
    bus.register(0xfec00000, 0x1000, new Recorder());
    expect(bus.find(0xfee00fff)?.device).toBe(high);
    expect([bus.find(0xfee01000), bus.find(0xfebfffff), bus.find(0xfed00000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => bus.register(0xfee00ffc, 8, high)).toThrow(KernelError);
  });

  it("splits accesses in aligned parts of at most 4 bytes, and reads ones between devices", () => {
    const bus = new MmioBus();
    const device = new Recorder();
    bus.register(0x1000, 8, device);
    bus.write(0x1000, Uint8Array.of(9, 1, 2, 3, 4, 5, 6, 7, 8), 1, 8);
    bus.write(0x1001, Uint8Array.of(1, 2, 3, 4), 0, 4);
    expect(device.writes).toEqual([
      [0, 4, 0x04030201],
      [4, 4, 0x08070605],
      [1, 1, 1],
      [2, 2, 0x0302],
      [4, 1, 4],
    ]);
    const bytes = new Uint8Array(5);
    bus.read(0x1007, bytes, 1, 3);
    expect([...bytes]).toEqual([0, 7, 0xff, 0xff, 0]);
  });
});

it("joins interrupt inputs to one line", () => {
  const seen: string[] = [];
  const line = joinedLine({ set: (level) => seen.push(`a ${level}`) }, { set: (level) => seen.push(`b ${level}`) });
  line.set(true);
  expect(seen).toEqual(["a true", "b true"]);
});
