import { beforeEach, expect, it } from "vitest";
import { PortBus } from "./bus";
import { KeyboardController } from "./keyboard-controller";

let ports: PortBus;
let resets: number;

beforeEach(() => {
  ports = new PortBus();
  resets = 0;
  new KeyboardController(() => resets++).connect(ports);
});

const command = (value: number): void => ports.writePort(0x64, 1, value);

it("resets the machine with command 0xfe, and with others that pulse output 0", () => {
  command(0xfe);
  command(0xf0);
  command(0xff);
  expect(resets).toBe(2);
});

it("resets the machine when bit 0 of the output port is written as 0", () => {
  command(0xd1);
  ports.writePort(0x60, 1, 0xdf);
  expect(resets).toBe(0);
  command(0xd1);
  ports.writePort(0x60, 1, 0xfe);
  expect(resets).toBe(1);
});

it("answers tests, and says so in bit 0 of its status; its input is never full", () => {
  expect(ports.readPort(0x64, 1)).toBe(0x14);
  command(0xaa);
  expect([ports.readPort(0x64, 1), ports.readPort(0x60, 1)]).toEqual([0x15, 0x55]);
  command(0xab);
  expect([ports.readPort(0x60, 1), ports.readPort(0x64, 1)]).toEqual([0x00, 0x14]);
});

it("keeps its command byte, and says that A20 is on", () => {
  command(0x60);
  ports.writePort(0x60, 1, 0x61);
  command(0x20);
  expect(ports.readPort(0x60, 1)).toBe(0x61);
  command(0xd0);
  expect(ports.readPort(0x60, 1)).toBe(0x03);
});

it("has no keyboard that would answer", () => {
  ports.writePort(0x60, 1, 0xff);
  expect([ports.readPort(0x64, 1), ports.readPort(0x60, 1)]).toEqual([0x14, 0x00]);
});
