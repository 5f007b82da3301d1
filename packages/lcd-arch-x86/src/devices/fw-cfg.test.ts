import { beforeEach, describe, expect, it } from "vitest";
import { KernelError } from "../errno";
import { PortBus } from "./bus";
import { encodeE820, memoryMap } from "./e820";
import { FwCfg, type FwCfgOptions } from "./fw-cfg";

let ports: PortBus;

const make = (options: Partial<FwCfgOptions> = {}): void => {
  ports = new PortBus();
  new FwCfg({ cpus: 3, memory: 0x8000000, e820: memoryMap(0x8000000), ...options }).connect(ports);
};

const read = (key: number, length: number): Uint8Array => {
  ports.writePort(0x510, 2, key);
  return Uint8Array.from({ length }, () => ports.readPort(0x511, 1));
};
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

beforeEach(() => make());

describe("items", () => {
  it("are told by a signature and an ID without DMA", () => {
    expect(text(read(0x00, 4))).toBe("QEMU");
    expect([...read(0x01, 4)]).toEqual([1, 0, 0, 0]);
  });

  it("are the size of RAM, and the number of processors, little-endian", () => {
    expect([...read(0x03, 8)]).toEqual([0, 0, 0, 8, 0, 0, 0, 0]);
    expect([...read(0x05, 2), ...read(0x0f, 2)]).toEqual([3, 0, 3, 0]);
  });

  it("have no command line: size, text and address are 0, as QEMU 7.2 has it with a Multiboot kernel", () => {
    expect([0x13, 0x14, 0x15].map((key) => [...read(key, 4)])).toEqual([0, 1, 2].map(() => [0, 0, 0, 0]));
  });

  it("are read from their beginning after each selection, with zeros behind their end, or when there is none", () => {
    expect([...read(0x00, 6)]).toEqual([0x51, 0x45, 0x4d, 0x55, 0, 0]);
    expect([...read(0x00, 1)]).toEqual([0x51]);
    expect([...read(0x4000, 2), ...read(0xffff, 2)]).toEqual([0, 0, 0, 0]);
  });

  it("are not selected by bytes, and cannot be written", () => {
    read(0x00, 1);
    ports.writePort(0x510, 1, 0x05);
    ports.writePort(0x511, 1, 0x05);
    expect(ports.readPort(0x511, 1)).toBe(0x45);
    expect([ports.readPort(0x510, 1), ports.readPort(0x510, 2)]).toEqual([0, 0x4d00]);
  });
});

describe("files", () => {
  it("are in the directory with size, key and name, big-endian; etc/e820 is the first", () => {
    make({ files: new Map([["opt/answer", Uint8Array.of(4, 2)]]) });
    const directory = read(0x19, 4 + 2 * 64);
    const map = encodeE820(memoryMap(0x8000000));
    expect([...directory.subarray(0, 12)]).toEqual([0, 0, 0, 2, 0, 0, 0, map.length, 0, 0x20, 0, 0]);
    expect(text(directory.subarray(12, 68))).toBe("etc/e820".padEnd(56, "\0"));
    expect([...directory.subarray(68, 76)]).toEqual([0, 0, 0, 2, 0, 0x21, 0, 0]);
    expect(text(directory.subarray(76))).toBe("opt/answer".padEnd(56, "\0"));
    expect([...read(0x20, map.length)]).toEqual([...map]);
    expect([...read(0x21, 2)]).toEqual([4, 2]);
  });

  it("have names of at most 55 letters", () => {
    expect(() => make({ files: new Map([["x".repeat(56), new Uint8Array()]]) })).toThrow(KernelError);
  });
});
