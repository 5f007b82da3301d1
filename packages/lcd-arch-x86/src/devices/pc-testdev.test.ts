import { beforeEach, expect, it } from "vitest";
import { MmioBus, PortBus } from "./bus";
import { PcTestdev } from "./pc-testdev";

let ports: PortBus;
let memory: MmioBus;
let levels: string[];

beforeEach(() => {
  ports = new PortBus();
  memory = new MmioBus();
  levels = [];
  const lines = Array.from({ length: 24 }, (_, line) => ({ set: (level: boolean) => levels.push(`${line} ${level}`) }));
  new PcTestdev(lines).connect(ports, memory);
});

it("gives back what was written to ports 0xe0 to 0xe3, at any size", () => {
  ports.writePort(0xe0, 4, 0x44332211);
  ports.writePort(0xe1, 1, 0xaa);
  expect([ports.readPort(0xe0, 4), ports.readPort(0xe2, 2), ports.readPort(0xe1, 1)]).toEqual([
    0x4433aa11, 0x4433, 0xaa,
  ]);
});

it("shows the same bytes at ports 0xe8 to 0xeb", () => {
  ports.writePort(0xe8, 4, 0x44332211);
  expect([ports.readPort(0xe0, 4), ports.readPort(0xe9, 2)]).toEqual([0x44332211, 0x3322]);
});

it("takes a page to flush, which has no effect", () => {
  ports.writePort(0xe4, 4, 0x12345000);
  expect(ports.readPort(0xe4, 4)).toBe(0);
});

it("drives interrupt lines with ports 0x2000 to 0x2017", () => {
  ports.writePort(0x2009, 1, 1);
  ports.writePort(0x2017, 1, 0x80);
  ports.writePort(0x2009, 1, 0);
  expect(levels).toEqual(["9 true", "23 true", "9 false"]);
  expect([ports.readPort(0x2009, 1), ports.readPort(0x2018, 1)]).toEqual([0, 0xff]);
});

it("has memory at 0xff000000", () => {
  memory.write(0xff000ffd, Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 0, 7);
  const bytes = new Uint8Array(8);
  memory.read(0xff000ffc, bytes, 0, 8);
  expect([...bytes]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
