import { calledByInterpreter, interpreterBodies } from "../interpret/interpreter";
import { depositBits, extractBits } from "./bit-fields";
import { enableBranchHints } from "./branch-hints";
import { dispatch } from "./dispatcher";
import { type Expression, type FunctionIndex, get, write } from "./expression";
import { flagsOfBody } from "./flags-of";
import { readAddress, readRange, writeAddress, writeRange } from "./memory-lookup";
import { ByteWriter, encodeModule, type FunctionBody, type FunctionImport, type FunctionType, WasmType } from "./wasm";
import { crossProducts, divideLong, multiplyHigh } from "./wide-arithmetic";

/** The type of a region function: the address of the processor's state; gives a `Status`. */
export const regionType: FunctionType = { parameters: [WasmType.i32], results: [WasmType.i32] };

/** What the runtime module offers. */
export interface Runtime {
  /** Runs translated code from RIP; gives a `Status`. */
  run(cpu: number): number;
  /** Runs the bytecode in the processor's area; gives a `Status`. */
  interpret(cpu: number): number;
  flagsOf(op: number, over: number, a: bigint, b: bigint): number;
}

const { i32, i64 } = WasmType;

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

const writeType = { parameters: [i64, i32, i32, i64], results: [i32] };

/** The functions that translations and the interpreter call; `flagsOf` is first, and exported. */
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
    body: divideLong,
  },
  { name: "depositBits", type: wide(2), locals: [[3, i64]], body: depositBits },
  { name: "extractBits", type: wide(2), locals: [[3, i64]], body: extractBits },
  {
    name: "readAddress",
    type: { parameters: [i64, i32, i32, i32], results: [i32] },
    locals: [[1, i32]],
    body: readAddress,
  },
  { name: "writeAddress", type: writeType, locals: [[1, i32]], body: writeAddress },
  {
    name: "readRange",
    type: { parameters: [i64, i32, i32, i32, i32], results: [i32] },
    locals: [[2, i32]],
    body: readRange,
  },
  {
    name: "writeRange",
    type: { parameters: [i64, i32, i32, i64, i32], results: [i32] },
    locals: [[2, i32]],
    body: writeRange,
  },
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
  const indexes = new Map<string, number>([[missImport.name, 0]]);
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

/** The module of the dispatcher and the interpreter: the same for all machines. */
let compiled: WebAssembly.Module | null = null;

function compileRuntime(): WebAssembly.Module {
  enableBranchHints();
  const linked = linkRuntime(new Set(calledByInterpreter), 3);
  const [interpret, interpretFloat] = interpreterBodies(3 + linked.bodies.length, linked.indexOf);
  const bytes = encodeModule({
    // Type 0 has to be the region functions': the dispatcher's indirect call names it.
    firstType: regionType,
    imports: [missImport],
    functions: [body(dispatcher), interpret, ...linked.bodies, interpretFloat],
    exported: 3,
    table: true,
  });
  return new WebAssembly.Module(bytes);
}

/** Instantiates the dispatcher, the interpreter, and `flagsOf` for those who read RFLAGS from outside, over a machine's memory. */
export function createRuntime(memory: WebAssembly.Memory, table: WebAssembly.Table, miss: Miss): Runtime {
  compiled ??= compileRuntime();
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory, table, miss } });
  return exports as unknown as Runtime;
}
