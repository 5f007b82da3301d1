import type { Random } from "../../random";
import { randomControlCase } from "./control";
import { randomMmxCase } from "./mmx";
import type { FloatRequest, NativeFloat } from "./native";
import { randomSseCase, sseRequest } from "./sse";
import { Fxsave, viewOf } from "./state";
import { writeVector } from "./vectors";
import { randomX87Case } from "./x87";

interface NamedRequest {
  kind: string;
  name: string;
  request: FloatRequest;
}

const generators: readonly ((random: Random) => NamedRequest)[] = [
  (random) => {
    const { operation, request } = randomX87Case(random, null);
    return { kind: "x87", name: operation.name, request };
  },
  (random) => {
    const test = randomSseCase(random);
    return { kind: "sse", name: test.operation.name, request: sseRequest(test) };
  },
  (random) => ({ kind: "mmx", ...randomMmxCase(random) }),
  (random) => ({ kind: "control", ...randomControlCase(random) }),
];

/** Cases of each name that are kept, and how many are made to have them. */
const KEPT: Readonly<Record<string, number>> = { x87: 3, sse: 4, mmx: 2, control: 3 };
const MADE = 12_000;

/** Registers that no operand names are made 0: a line is shorter for it. */
function simplify({ kind, name, request }: NamedRequest): void {
  const view = viewOf(request.state);
  const used = kind === "x87" ? [0, 1, request.code[1] & 7] : kind === "control" ? [0, 1, 7] : [0, 1, 2, 3, 4, 5, 6, 7];
  for (let register = 0; register < 8; register++) {
    if (!used.includes(register)) {
      view.setBigUint64(Fxsave.st + register * 16, 0n, true);
      view.setUint16(Fxsave.st + register * 16 + 8, 0, true);
    }
  }
  if (kind === "mmx" && !name.endsWith("0f d6")) {
    request.state.fill(0, Fxsave.xmm, Fxsave.xmm + 256);
  }
}

/** Makes cases of every instruction, asks the processor, and gives the text of a file of vectors. */
export function makeVectors(native: NativeFloat, random: Random, command: string): string {
  const requests: NamedRequest[] = [];
  for (const generate of generators) {
    const counts = new Map<string, number>();
    for (let made = 0; made < MADE; made++) {
      const request = generate(random);
      const count = counts.get(request.name) ?? 0;
      if (count < KEPT[request.kind]) {
        counts.set(request.name, count + 1);
        simplify(request);
        requests.push(request);
      }
    }
  }
  const results = native.run(requests.map(({ request }) => request));
  const lines = requests.map((request, at) => writeVector({ ...request, expected: results[at] }));
  return [`# What a processor did; made by: ${command}`, ...lines, ""].join("\n");
}
