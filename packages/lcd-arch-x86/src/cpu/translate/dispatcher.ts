import { StateOffset } from "../state";
import { type Expression, get, number } from "./expression";
import { JUMP_ENTRIES, JUMP_ENTRY_SIZE, JumpEntry } from "./tlb-layout";

/** What the dispatcher returns; region functions return the same, 0 to go on. */
export const Status = {
  /** Go on at RIP. */
  continue: 0,
  /** Stopped at the site that the state names. */
  stopped: 1,
  /** Nothing is known of the code at RIP. */
  miss: 2,
  /** No instructions left. */
  limit: 3,
} as const;

/** Goes from region to region through the jump cache. Parameter: cpu; locals: status, entry, rip. */
export const dispatch: readonly Expression[] = [
  [
    "loopWhile",
    [
      ["returnIf", ["i32.le_s", ["load32", StateOffset.left, get(0)], number(0)], number(Status.limit)],
      ["set", 3, ["load64", StateOffset.rip, get(0)]],
      [
        "set",
        2,
        [
          "i32.add",
          ["load32", StateOffset.jumps, get(0)],
          [
            "i32.shl",
            [
              "i32.and",
              ["i32.wrap_i64", ["i64.xor", get(3), ["i64.shr_u", get(3), ["i64", 12n]]]],
              number(JUMP_ENTRIES - 1),
            ],
            number(Math.log2(JUMP_ENTRY_SIZE)),
          ],
        ],
      ],
      ["returnIf", ["i64.ne", get(3), ["load64", JumpEntry.tag, get(2)]], number(Status.miss)],
      ["set", 1, ["callTable", 0, ["load32", JumpEntry.index, get(2)], get(0)]],
    ],
    ["i32.eqz", get(1)],
  ],
  get(1),
];

/** Byte offset of a block's entry in the jump cache, as the dispatcher computes it. */
export function jumpSlot(ripLow: number, ripHigh: number): number {
  const shifted = (ripLow >>> 12) | (ripHigh << 20);
  return ((ripLow ^ shifted) & (JUMP_ENTRIES - 1)) * JUMP_ENTRY_SIZE;
}
