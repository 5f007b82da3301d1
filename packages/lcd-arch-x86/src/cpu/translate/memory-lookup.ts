import { GROW_RANGE } from "../memory-ranges";
import { StateOffset } from "../state";
import { type Expression, get, number } from "./expression";
import { RANGE_ENTRY_SIZE, RangeEntry } from "./range-layout";
import { TLB_MASK, TLB_SHIFT, TlbEntry } from "./tlb-layout";

/** What the slow path is asked for, above the size in the argument of `miss`. */
export const AccessKind = { read: 0, write: 1, modify: 2, callout: 3 } as const;
export const ACCESS_KIND_SHIFT = 8;
export const ACCESS_KIND_MASK = 3;
/** Where the number of a callout is in the argument. */
export const CALLOUT_SHIFT = 10;

/** The argument of `miss` that calls a callout. */
export const calloutRequest = (callout: number): number =>
  (AccessKind.callout << ACCESS_KIND_SHIFT) | (callout << CALLOUT_SHIFT);

/** Stores what the slow path needs to know and asks it. Parameters: address, size, then cpu, and for writes the value. */
export const ask = (kind: number, cpu = 2): readonly Expression[] => [
  ["store64", StateOffset.slowAddress, get(cpu), get(0)],
  ...(kind === AccessKind.write ? [["store64", StateOffset.slowValue, get(cpu), get(3)] as const] : []),
  ["call", "miss", get(cpu), ["i32.or", get(1), number(kind << ACCESS_KIND_SHIFT)]],
];

/** The TLB lookup as a function: an entry's place, the hit test, and what a hit gives. */
const entryOf = (address: Expression, cpu: Expression): Expression => [
  "i32.add",
  ["i32.and", ["i32.wrap_i64", ["i64.shr_u", address, ["i64", BigInt(TLB_SHIFT)]]], number(TLB_MASK)],
  ["load32", StateOffset.tlb, cpu],
];
const hits = (entry: Expression, tag: number, address: Expression, size: Expression): Expression => [
  "i64.le_u",
  ["i64.sub", address, ["load64", tag, entry]],
  ["i64.extend_i32_u", ["i32.sub", number(4096), size]],
];
const placeOf = (entry: Expression, address: Expression): Expression => [
  "i32.add",
  ["load32", TlbEntry.addend, entry],
  ["i32.wrap_i64", address],
];

/** Parameters address, size, forWrite, cpu; `entry` is a local. */
const lookUpForRead = (entry: number): readonly Expression[] => [
  ["set", entry, entryOf(get(0), get(3))],
  [
    "if",
    get(2),
    [
      ["returnIf", hits(get(entry), TlbEntry.writeTag, get(0), get(1)), placeOf(get(entry), get(0))],
      ...ask(AccessKind.modify, 3).slice(0, -1),
      ["returnIf", number(1), ask(AccessKind.modify, 3)[1]],
    ],
    [["returnIf", hits(get(entry), TlbEntry.readTag, get(0), get(1)), placeOf(get(entry), get(0))]],
  ],
  ...ask(AccessKind.read, 3),
];

/** Parameters address, size, cpu, value; `entry` is a local. */
const lookUpForWrite = (entry: number): readonly Expression[] => [
  ["set", entry, entryOf(get(0), get(2))],
  ["returnIf", hits(get(entry), TlbEntry.writeTag, get(0), get(1)), placeOf(get(entry), get(0))],
  ...ask(AccessKind.write),
];

export const readAddress = lookUpForRead(4);
export const writeAddress = lookUpForWrite(4);

/** Counts an access outside a range, whose number is in local `range`, and has the range grown now and then. */
const countMiss = (range: number, cpu: number, countdown: number): readonly Expression[] => {
  const entry: Expression = ["i32.add", get(cpu), ["i32.mul", get(range), number(RANGE_ENTRY_SIZE)]];
  const field = StateOffset.ranges + RangeEntry.countdown;
  return [
    ["set", countdown, ["i32.sub", ["load32", field, entry], number(1)]],
    ["store32", field, entry, get(countdown)],
    [
      "if",
      ["i32.eqz", get(countdown)],
      [
        ["store64", StateOffset.slowAddress, get(cpu), get(0)],
        ["store32", StateOffset.rangeWanted, get(cpu), get(range)],
        ["set", countdown, ["call", "miss", get(cpu), number(calloutRequest(GROW_RANGE))]],
      ],
      [],
    ],
  ];
};

/** As `readAddress`, for an access outside of its range. Parameters address, size, forWrite, cpu, range; two locals. */
export const readRange: readonly Expression[] = [...countMiss(4, 3, 6), ...lookUpForRead(5)];

/** As `writeAddress`, for an access outside of its range. Parameters address, size, cpu, value, range; two locals. */
export const writeRange: readonly Expression[] = [...countMiss(4, 2, 6), ...lookUpForWrite(5)];
