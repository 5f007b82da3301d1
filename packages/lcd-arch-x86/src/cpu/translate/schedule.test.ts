import { describe, expect, it } from "vitest";
import { MODE_64 } from "../code-mode";
import { BlockBuilder } from "../lift/builder";
import { IN_PLACE, NEEDS_LOCAL, schedule } from "./schedule";

const CONTEXT = { mode: MODE_64, base: 0, limit: 0xffffffff };
const JUMP = { kind: "jump", target: 0n } as const;
const RAX = 0;
const RBX = 3;

describe("schedule", () => {
  it("evaluates a value where it is used when nothing it reads changes before", () => {
    const b = new BlockBuilder([], CONTEXT);
    const sum = b.add(b.register(RAX), b.register(RBX));
    b.setRegister(RAX, sum);
    schedule(b.statements, JUMP);
    expect(sum.local).toBe(IN_PLACE);
  });

  it("keeps the old value of a register that is read after it has been written: XCHG", () => {
    const b = new BlockBuilder([], CONTEXT);
    const first = b.register(RAX);
    const second = b.register(RBX);
    b.setRegister(RAX, second);
    b.setRegister(RBX, first);
    schedule(b.statements, JUMP);
    expect(first.local).toBe(NEEDS_LOCAL);
    expect(second.local).toBe(IN_PLACE);
  });

  it("drops a write that another one hides, and what only it needed", () => {
    const b = new BlockBuilder([], CONTEXT);
    const lost = b.add(b.register(RAX), b.i64(1));
    b.setRegister(RBX, lost);
    b.setRegister(RBX, b.i64(2));
    schedule(b.statements, JUMP);
    expect(lost.uses).toBe(0);
  });

  it("keeps a hidden write when something may stop in between: the stop shows it", () => {
    const b = new BlockBuilder([], CONTEXT);
    const seen = b.add(b.register(RAX), b.i64(1));
    b.setRegister(RBX, seen);
    b.load(8, b.register(RAX));
    b.setRegister(RBX, b.i64(2));
    schedule(b.statements, JUMP);
    expect(seen.uses).toBe(1);
  });

  it("computes once what is used twice", () => {
    const b = new BlockBuilder([], CONTEXT);
    const sum = b.add(b.register(RAX), b.i64(1));
    b.setRegister(RAX, sum);
    b.setRegister(RBX, sum);
    schedule(b.statements, JUMP);
    expect(sum.local).toBe(NEEDS_LOCAL);
  });
});
