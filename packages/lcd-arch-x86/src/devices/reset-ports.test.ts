import { beforeEach, expect, it } from "vitest";
import { PortBus } from "./bus";
import { ResetPorts } from "./reset-ports";

let ports: PortBus;
let resets: number;

beforeEach(() => {
  ports = new PortBus();
  resets = 0;
  new ResetPorts(() => resets++).connect(ports);
});

it("resets the machine when bit 2 of port 0xcf9 rises", () => {
  ports.writePort(0xcf9, 1, 0x02);
  expect(resets).toBe(0);
  ports.writePort(0xcf9, 1, 0x06);
  ports.writePort(0xcf9, 1, 0x06);
  expect([resets, ports.readPort(0xcf9, 1)]).toEqual([1, 6]);
});

it("resets the machine when bit 0 of port 0x92 rises, and not when A20 is switched, which stays on", () => {
  ports.writePort(0x92, 1, 0x02);
  ports.writePort(0x92, 1, 0x00);
  expect([resets, ports.readPort(0x92, 1)]).toEqual([0, 2]);
  ports.writePort(0x92, 1, 0x03);
  expect(resets).toBe(1);
});

it("leaves the machine alone when software looks for PCI", () => {
  ports.writePort(0xcf8, 4, 0x80000400);
  expect([resets, ports.readPort(0xcf8, 4), ports.readPort(0xcfc, 4)]).toEqual([0, 0xffffffff, 0xffffffff]);
});
