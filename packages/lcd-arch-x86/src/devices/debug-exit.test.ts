import { expect, it } from "vitest";
import { PortBus } from "./bus";
import { DebugExit } from "./debug-exit";

it("asks for an exit with twice what was written, and one", () => {
  const codes: number[] = [];
  const ports = new PortBus();
  new DebugExit((code) => codes.push(code)).connect(ports);
  ports.writePort(0xf4, 1, 0x10);
  ports.writePort(0xf4, 4, 0);
  ports.writePort(0xf4, 4, 0x80000001);
  expect(codes).toEqual([0x21, 1, 3]);
  expect(ports.readPort(0xf4, 1)).toBe(0);
});

it("can be elsewhere", () => {
  const codes: number[] = [];
  const ports = new PortBus();
  new DebugExit((code) => codes.push(code), { first: 0x501, count: 2 }).connect(ports);
  ports.writePort(0x501, 1, 1);
  ports.writePort(0xf4, 1, 1);
  expect(codes).toEqual([3]);
});
