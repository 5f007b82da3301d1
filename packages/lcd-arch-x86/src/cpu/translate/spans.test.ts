import { describe, expect, it } from "vitest";
import { MODE_64 } from "../code-mode";
import type { Statement, Value } from "../ir";
import { BlockBuilder } from "../lift/builder";
import { findSpans } from "./spans";

const CONTEXT = { mode: MODE_64, base: 0, limit: 0xffffffff };
const RAX = 0;
const RBX = 3;
const RSP = 4;

/** The accesses of a block as [distance from the start of the span, bytes of the span]; null: in no span. */
function placesOf(build: (b: BlockBuilder) => void): (readonly [number, number] | null)[] {
  const b = new BlockBuilder([], CONTEXT);
  build(b);
  const spans = findSpans(b.statements);
  const isAccess = ({ kind }: Statement): boolean => kind === "load" || kind === "store";
  return b.statements.filter(isAccess).map((statement) => {
    const place = spans.get(statement);
    return place ? [place.offset, place.span.size] : null;
  });
}

const push = (b: BlockBuilder, value: Value): void => {
  const rsp = b.sub(b.register(RSP), b.i64(8));
  b.store(8, rsp, value);
  b.setRegister(RSP, rsp);
};

describe("findSpans", () => {
  it("puts what is pushed one after the other in one span, downwards", () => {
    const places = placesOf((b) => {
      push(b, b.register(RAX));
      push(b, b.register(RBX));
      push(b, b.register(RAX));
    });
    expect(places).toEqual([
      [16, 24],
      [8, 24],
      [0, 24],
    ]);
  });

  it("follows an address through copies of its register", () => {
    const places = placesOf((b) => {
      b.load(4, b.register(RAX));
      b.setRegister(RBX, b.add(b.register(RAX), b.i64(4)));
      b.load(4, b.add(b.register(RBX), b.i64(12)));
    });
    expect(places).toEqual([
      [0, 20],
      [16, 20],
    ]);
  });

  it("does not mix what a register was with what it is: RAX is loaded in between", () => {
    const places = placesOf((b) => {
      const loaded = b.load(8, b.register(RAX));
      b.setRegister(RAX, loaded);
      b.load(8, b.register(RAX));
    });
    expect(places).toEqual([null, null]);
  });

  it("does not look for more than 256 bytes around a register", () => {
    const places = placesOf((b) => {
      for (const distance of [0, 248, 249]) {
        b.load(8, b.add(b.register(RAX), b.i64(distance)));
      }
    });
    expect(places).toEqual([[0, 256], [248, 256], null]);
  });

  it("takes a table whose index is a byte as far as that reaches: 4 * 255 + 4 bytes", () => {
    const places = placesOf((b) => {
      const byte = (count: number): Value => {
        const index = b.extendU(b.and(b.shrU(b.wrap(b.register(RAX)), b.i32(count)), b.i32(255)));
        return b.add(b.shl(index, b.i64(2)), b.i64(0x1000));
      };
      b.load(4, byte(0));
      b.load(4, byte(8));
    });
    expect(places).toEqual([
      [0, 1024],
      [0, 1024],
    ]);
  });

  it("leaves a table alone whose index is not known to be small", () => {
    const places = placesOf((b) => {
      b.load(4, b.add(b.shl(b.register(RAX), b.i64(2)), b.i64(0x1000)));
      b.load(4, b.add(b.shl(b.register(RBX), b.i64(2)), b.i64(0x1000)));
    });
    expect(places).toEqual([null, null]);
  });

  it("knows no register behind a loop of a string instruction", () => {
    const places = placesOf((b) => {
      b.load(8, b.register(RAX));
      b.repeat(() => b.setRegister(RAX, b.add(b.register(RAX), b.i64(1))));
      b.load(8, b.register(RAX));
    });
    expect(places).toEqual([null, null]);
  });

  it("takes no time over sums that double with each instruction", () => {
    const places = placesOf((b) => {
      for (let times = 0; times < 48; times++) {
        b.setRegister(RAX, b.add(b.register(RAX), b.register(RAX)));
      }
      b.load(8, b.register(RAX));
      b.load(8, b.add(b.register(RAX), b.i64(8)));
    });
    expect(places).toEqual([
      [0, 16],
      [8, 16],
    ]);
  });
});
