import { StateOffset } from "../state";
import { type Expression, get, number } from "./expression";
import { TLB_MASK, TLB_SHIFT, TlbEntry } from "./tlb-layout";

/** What the slow path is asked for, above the size in the argument of `miss`. */
export const AccessKind = { read: 0, write: 1, modify: 2, callout: 3 } as const;
export const ACCESS_KIND_SHIFT = 8;
export const ACCESS_KIND_MASK = 3;
/** Where the number of a callout is in the argument. */
export const CALLOUT_SHIFT = 10;

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

/** Parameters address, size, forWrite, cpu; local: entry. */
export const readAddress: readonly Expression[] = [
  ["set", 4, entryOf(get(0), get(3))],
  [
    "if",
    get(2),
    [
      ["returnIf", hits(get(4), TlbEntry.writeTag, get(0), get(1)), placeOf(get(4), get(0))],
      ...ask(AccessKind.modify, 3).slice(0, -1),
      ["returnIf", number(1), ask(AccessKind.modify, 3)[1]],
    ],
    [["returnIf", hits(get(4), TlbEntry.readTag, get(0), get(1)), placeOf(get(4), get(0))]],
  ],
  ...ask(AccessKind.read, 3),
];

/** Parameters address, size, cpu, value; local: entry. */
export const writeAddress: readonly Expression[] = [
  ["set", 4, entryOf(get(0), get(2))],
  ["returnIf", hits(get(4), TlbEntry.writeTag, get(0), get(1)), placeOf(get(4), get(0))],
  ...ask(AccessKind.write),
];
