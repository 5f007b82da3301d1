import { CARRY_IN_BIT, FlagKind } from "../flags";
import { Rflags, StateOffset } from "../state";
import { type Expression, type FunctionIndex, write } from "./expression";
import { JUMP_ENTRIES, JUMP_ENTRY_SIZE, JumpEntry, TLB_MASK, TLB_SHIFT, TlbEntry } from "./tlb-layout";
import { ByteWriter, encodeModule, type FunctionBody, type FunctionImport, type FunctionType, WasmType } from "./wasm";

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

/** What the slow path is asked for, above the size in the argument of `miss`. */
export const AccessKind = { read: 0, write: 1, modify: 2 } as const;
export const ACCESS_KIND_SHIFT = 8;

/** The type of a region function: the address of the processor's state; gives a `Status`. */
export const regionType: FunctionType = { parameters: [WasmType.i32], results: [WasmType.i32] };

/** What the runtime module offers. */
export interface Runtime {
  run(cpu: number): number;
  flagsOf(op: number, over: number, a: bigint, b: bigint): number;
}

const { i32, i64 } = WasmType;

const get = (local: number): Expression => ["get", local];
const or = (...bits: Expression[]): Expression => bits.reduce((a, b) => ["i32.or", a, b]);
const number = (value: number): Expression => ["i32", value];
/** Low bit of an i64 as an i32, moved to a flag's place. */
const flag = (value: Expression, place: number): Expression => [
  "i32.shl",
  ["i32.and", ["i32.wrap_i64", value], number(1)],
  number(Math.log2(place)),
];

/** Parameters and locals of `flagsOf`. */
const F = {
  op: 0,
  over: 1,
  a: 2,
  b: 3,
  kind: 4,
  flags: 5,
  subtracts: 6,
  result: 7,
  left: 8,
  right: 9,
  carryIn: 10,
  top: 11,
};

const isKind = (...kinds: (keyof typeof FlagKind)[]): Expression =>
  or(...kinds.map((kind): Expression => ["i32.eq", get(F.kind), number(FlagKind[kind])]));

const not = (value: Expression): Expression => ["i64.xor", value, ["i64", -1n]];
const pick = (condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression => [
  "i64.select",
  whenTrue,
  whenFalse,
  condition,
];

/**
 * The six flags from the lazy ones. Left operand and carry are recovered from the result: carries out of each bit place
 * of a sum are those of (left AND right) OR ((left OR right) AND NOT result), and of a difference likewise with NOT left.
 */
const flagsOfBody: readonly Expression[] = [
  ["set", F.kind, ["i32.and", ["i32.shr_u", get(F.op), number(2)], number(0x3f)]],
  [
    "if",
    ["i32.eqz", get(F.kind)],
    [["set", F.flags, ["i32.wrap_i64", get(F.a)]]],
    [
      [
        "set",
        F.top,
        ["i64.extend_i32_u", ["i32.sub", ["i32.shl", number(8), ["i32.and", get(F.op), number(3)]], number(1)]],
      ],
      ["set", F.carryIn, ["i64.extend_i32_u", ["i32.and", ["i32.shr_u", get(F.op), number(CARRY_IN_BIT)], number(1)]]],
      ["set", F.subtracts, isKind("compare", "subtract", "subtractBorrow", "decrement")],
      ["set", F.right, pick(isKind("increment", "decrement"), ["i64", 1n], get(F.b))],
      ["set", F.result, pick(isKind("compare"), ["i64.sub", get(F.a), get(F.b)], get(F.a))],
      [
        "set",
        F.left,
        pick(
          get(F.subtracts),
          ["i64.add", ["i64.add", get(F.result), get(F.right)], get(F.carryIn)],
          ["i64.sub", ["i64.sub", get(F.result), get(F.right)], get(F.carryIn)],
        ),
      ],
      [
        "set",
        F.flags,
        or(
          flag(
            ["i64.extend_i32_u", ["i64.eqz", ["i64.shl", get(F.result), ["i64.sub", ["i64", 63n], get(F.top)]]]],
            Rflags.ZF,
          ),
          flag(["i64.shr_u", get(F.result), get(F.top)], Rflags.SF),
          flag(["i64.xor", ["i64.popcnt", ["i64.and", get(F.result), ["i64", 0xffn]]], ["i64", 1n]], Rflags.PF),
        ),
      ],
      [
        "if",
        isKind("logic", "result"),
        [["set", F.flags, or(get(F.flags), ["i32.wrap_i64", pick(isKind("result"), get(F.b), ["i64", 0n])])]],
        [
          [
            "set",
            F.flags,
            or(
              get(F.flags),
              flag(
                ["i64.shr_u", ["i64.xor", ["i64.xor", get(F.left), get(F.right)], get(F.result)], ["i64", 4n]],
                Rflags.AF,
              ),
              flag(
                [
                  "i64.shr_u",
                  pick(
                    get(F.subtracts),
                    ["i64.and", ["i64.xor", get(F.left), get(F.right)], ["i64.xor", get(F.left), get(F.result)]],
                    ["i64.and", ["i64.xor", get(F.left), get(F.result)], ["i64.xor", get(F.right), get(F.result)]],
                  ),
                  get(F.top),
                ],
                Rflags.OF,
              ),
              flag(
                [
                  "i64.shr_u",
                  pick(
                    get(F.subtracts),
                    [
                      "i64.or",
                      ["i64.and", not(get(F.left)), get(F.right)],
                      ["i64.and", ["i64.or", not(get(F.left)), get(F.right)], get(F.result)],
                    ],
                    [
                      "i64.or",
                      ["i64.and", get(F.left), get(F.right)],
                      ["i64.and", ["i64.or", get(F.left), get(F.right)], not(get(F.result))],
                    ],
                  ),
                  get(F.top),
                ],
                Rflags.CF,
              ),
            ),
          ],
        ],
      ],
    ],
  ],
  [
    "i32.or",
    ["i32.and", get(F.flags), ["i32.xor", ["i32.shr_u", get(F.over), number(16)], number(-1)]],
    ["i32.and", get(F.over), ["i32.shr_u", get(F.over), number(16)]],
  ],
];

const low = (value: Expression): Expression => ["i64.and", value, ["i64", 0xffffffffn]];
const high = (value: Expression): Expression => ["i64.shr_u", value, ["i64", 32n]];

/** High half of an unsigned product, from the four products of the operands' halves; locals 2 and 3 hold two of them. */
const multiplyHigh: Expression = [
  "i64.add",
  ["i64.add", ["i64.mul", high(get(0)), high(get(1))], high(get(2))],
  [
    "i64.add",
    high(get(3)),
    high(["i64.add", ["i64.add", high(["i64.mul", low(get(0)), low(get(1))]), low(get(2))], low(get(3))]),
  ],
];
const crossProducts: readonly Expression[] = [
  ["set", 2, ["i64.mul", low(get(0)), high(get(1))]],
  ["set", 3, ["i64.mul", high(get(0)), low(get(1))]],
];

/** Long division, bit by bit, when the dividend has a high half. Locals: high, low, divisor, bits left, top bit. */
const divideLong = (answer: Expression, shortcut: Expression): readonly Expression[] => [
  ["set", 3, ["i64", 64n]],
  [
    "if",
    ["i64.eqz", get(0)],
    [["set", answer[0] === "get" && answer[1] === 0 ? 0 : 1, shortcut]],
    [
      [
        "loopWhile",
        [
          ["set", 4, ["i64.shr_u", get(0), ["i64", 63n]]],
          ["set", 0, ["i64.or", ["i64.shl", get(0), ["i64", 1n]], ["i64.shr_u", get(1), ["i64", 63n]]]],
          ["set", 1, ["i64.shl", get(1), ["i64", 1n]]],
          [
            "if",
            ["i32.or", ["i32.wrap_i64", get(4)], ["i64.ge_u", get(0), get(2)]],
            [
              ["set", 0, ["i64.sub", get(0), get(2)]],
              ["set", 1, ["i64.or", get(1), ["i64", 1n]]],
            ],
            [],
          ],
          ["set", 3, ["i64.sub", get(3), ["i64", 1n]]],
        ],
        ["i32.eqz", ["i64.eqz", get(3)]],
      ],
    ],
  ],
  answer,
];

/** Stores what the slow path needs to know and asks it. Parameters: address, size, then cpu, and for writes the value. */
const ask = (kind: number, cpu = 2): readonly Expression[] => [
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
const readAddress: readonly Expression[] = [
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
const writeAddress: readonly Expression[] = [
  ["set", 4, entryOf(get(0), get(2))],
  ["returnIf", hits(get(4), TlbEntry.writeTag, get(0), get(1)), placeOf(get(4), get(0))],
  ...ask(AccessKind.write),
];

/** Goes from region to region through the jump cache. Parameter: cpu; locals: status, entry, rip. */
const dispatch: readonly Expression[] = [
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

interface RuntimeFunction {
  name: string;
  type: FunctionType;
  locals: readonly (readonly [number, number])[];
  body: readonly Expression[];
}

const wide = (parameters: number, results: number[] = [i64]): FunctionType => ({
  parameters: Array.from({ length: parameters }, () => i64),
  results,
});

const addressType = { parameters: [i64, i32, i32], results: [i32] };
const writeType = { parameters: [i64, i32, i32, i64], results: [i32] };

/** The functions that translations call. */
const functions: readonly RuntimeFunction[] = [
  {
    name: "flagsOf",
    type: { parameters: [i32, i32, i64, i64], results: [i32] },
    locals: [
      [3, i32],
      [5, i64],
    ],
    body: flagsOfBody,
  },
  { name: "multiplyHighUnsigned", type: wide(2), locals: [[2, i64]], body: [...crossProducts, multiplyHigh] },
  {
    name: "multiplyHighSigned",
    type: wide(2),
    locals: [[2, i64]],
    body: [
      ...crossProducts,
      [
        "i64.sub",
        ["i64.sub", multiplyHigh, ["i64.and", get(1), ["i64.shr_s", get(0), ["i64", 63n]]]],
        ["i64.and", get(0), ["i64.shr_s", get(1), ["i64", 63n]]],
      ],
    ],
  },
  {
    name: "divideUnsigned",
    type: wide(3),
    locals: [[2, i64]],
    body: divideLong(get(1), ["i64.div_u", get(1), get(2)]),
  },
  {
    name: "remainderUnsigned",
    type: wide(3),
    locals: [[2, i64]],
    body: divideLong(get(0), ["i64.rem_u", get(1), get(2)]),
  },
  { name: "readMiss", type: addressType, locals: [], body: ask(AccessKind.read) },
  { name: "modifyMiss", type: addressType, locals: [], body: ask(AccessKind.modify) },
  { name: "writeMiss", type: writeType, locals: [], body: ask(AccessKind.write) },
  {
    name: "readAddress",
    type: { parameters: [i64, i32, i32, i32], results: [i32] },
    locals: [[1, i32]],
    body: readAddress,
  },
  { name: "writeAddress", type: writeType, locals: [[1, i32]], body: writeAddress },
];

const dispatcher: RuntimeFunction = {
  name: "run",
  type: regionType,
  locals: [
    [2, i32],
    [1, i64],
  ],
  body: dispatch,
};

/** The slow path, which every module imports: (cpu, request), gives a place in linear memory or 0. */
export type Miss = (cpu: number, request: number) => number;

export const missImport: FunctionImport = { name: "miss", type: { parameters: [i32, i32], results: [i32] } };

/** Runtime functions as they go into one module: their bodies, and their indexes behind what comes before them. */
export interface Linked {
  bodies: readonly FunctionBody[];
  indexOf: FunctionIndex;
}

/**
 * Puts the runtime functions that a module calls into it. Modules carry copies: what V8 pays for one imported function
 * is more than compiling a few of these.
 *
 * @param used names of functions that are called
 * @param before functions of the module that come before, the import included
 */
export function linkRuntime(used: ReadonlySet<string>, before: number): Linked {
  const bodies: FunctionBody[] = [];
  const indexes = new Map<string, number>();
  for (const body of encoded) {
    if (used.has(body.name)) {
      indexes.set(body.name, before + bodies.length);
      bodies.push(body);
    }
  }
  return { bodies, indexOf: (name) => indexes.get(name) ?? unknown(name) };
}

function unknown(name: string): never {
  throw new RangeError(`the runtime has no function ${name}`);
}

/** Encodes a function; the only other one it may call is the import, whose index is 0. */
function body({ name, type, locals, body }: RuntimeFunction): FunctionBody {
  const code = new ByteWriter(256);
  body.forEach((expression) => write(code, expression, (called) => (called === missImport.name ? 0 : unknown(called))));
  return { name, type, locals, code };
}

/** The functions, encoded once: none depends on where it is put. */
const encoded: readonly FunctionBody[] = functions.map(body);

/** Instantiates the dispatcher, and `flagsOf` for those who read RFLAGS from outside, over a machine's memory. */
export function createRuntime(memory: WebAssembly.Memory, table: WebAssembly.Table, miss: Miss): Runtime {
  const linked = linkRuntime(new Set(["flagsOf"]), 2);
  const bytes = encodeModule({
    // Type 0 has to be the region functions': the dispatcher's indirect call names it.
    firstType: regionType,
    imports: [missImport],
    functions: [body(dispatcher), ...linked.bodies],
    exported: 2,
    table: true,
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, table, miss } });
  const { run, flagsOf } = instance.exports;
  return { run: run as Runtime["run"], flagsOf: flagsOf as Runtime["flagsOf"] };
}
