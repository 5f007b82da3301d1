import { expect, it } from "vitest";
import { Gpr } from "../../cpu/state";
import { booted, handle, SPIN, store } from "./test-kernel";

const NMI = 2;
const HLT = 0xf4;
/** mov ebx, 1 and 2 */
const [BEFORE, BEHIND] = [
  [0xbb, 1, 0, 0, 0],
  [0xbb, 2, 0, 0, 0],
];

/** The interrupt command register. */
const Command = { low: 0xfee00300, high: 0xfee00310 } as const;

/** Sends an NMI to processor 0. */
const sendNmi = [...store(Command.high, 0), ...store(Command.low, 0x4400)];

it("an NMI does not end HLT while the handler of another one has not returned (SDM 3A, Handling Multiple NMIs)", () => {
  const { computer } = booted([...sendNmi, ...SPIN]);
  handle(computer, NMI, [...sendNmi, ...BEFORE, HLT, ...BEHIND, HLT]);
  expect(computer.runFor(1000)).toEqual({ kind: "halted" });
  expect(computer.machine.processors[0].gpr[Gpr.rbx]).toBe(1n);
});
