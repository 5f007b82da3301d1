import { Machine } from "../src/machine/machine";
import { type CaseResult, type CaseRunner, type InitialState, initialState, type TestCase } from "./case";
import { DomainEngine } from "./domain-engine";
import type { Engine, Outcome } from "./engine";
import { type CodeSize, kinds } from "./kinds";
import { backgroundByte, CODE_FILL, Layout } from "./layout";
import { keepLegacyRegisters } from "./protocol";
import { Gdt, SegmentRegister } from "./segments";
import { codeSegmentBase, linearOf } from "./start-segments";
import { type TierName, tiers } from "./tiers";
import { UserEngine } from "./user-engine";
import { at, Ram } from "./user-space";

/** A case that has not ended after so many instructions does not end. */
const INSTRUCTION_LIMIT = 20_000_000;

/** How the emulator is to run cases. */
export interface EmulatorOptions {
  /** How code runs. */
  readonly tier: TierName;
  /** Instructions after which the processor is stopped and started again; all it takes, if not given. */
  readonly slice?: number;
  /** In VMX non-root operation, in a domain. */
  readonly domain?: boolean;
}

/** Runs cases on the emulated processor, in long mode: the pages of the layout are mapped and nothing else. */
export class EmulatorRunner implements CaseRunner {
  readonly name: string;
  readonly isUser: boolean;
  /** Instructions that each case of the last `run` retired, those behind its end included. */
  retired: number[] = [];
  private readonly machine: Machine;
  private readonly engine: Engine;
  private readonly slice: number;
  private readonly background = Uint8Array.from({ length: Layout.dataSize }, (_, index) => backgroundByte(index));
  private lastCode: TestCase | null = null;

  constructor({ tier, slice, domain = false }: EmulatorOptions) {
    this.machine = new Machine({ memory: Ram.size, ...tiers[tier] });
    this.engine = domain ? new DomainEngine(this.machine) : new UserEngine(this.machine);
    // A domain is at CPL 0.
    this.isUser = !domain;
    this.slice = slice ?? INSTRUCTION_LIMIT;
    const sliced = slice === undefined ? "" : `, stopped every ${slice} instructions`;
    this.name = `the emulator, ${this.engine.name}, ${tier} code${sliced}`;
  }

  run(cases: readonly TestCase[]): CaseResult[] {
    this.retired = [];
    return cases.map((test) => this.runOne(test));
  }

  close(): void {
    this.lastCode = null;
  }

  private runOne(test: TestCase): CaseResult {
    const initial = initialState(test);
    this.placeCode(test);
    const before = this.placeData(initial);
    this.engine.start(BigInt(Layout.codeBase + test.start - codeSegmentBase(test)), initial);
    const outcome = this.runToEnd();
    return outcome === null ? timedOut : this.result(test, initial, outcome, this.changes(before));
  }

  private runToEnd(): Outcome | null {
    const { engine } = this;
    const start = engine.retired;
    let outcome: Outcome | null;
    do {
      outcome = engine.run(this.slice);
    } while (outcome === null && engine.retired - start < INSTRUCTION_LIMIT);
    this.retired.push(engine.retired - start);
    return outcome;
  }

  private result(test: TestCase, initial: InitialState, outcome: Outcome, memory: CaseResult["memory"]): CaseResult {
    const { vector, errorCode, address, gpr, rflags, segments, fx } = outcome;
    const faulted = vector !== null;
    if (kinds[test.kind].bits !== 64) {
      keepLegacyRegisters(gpr);
    }
    if (!faulted) {
      segments[SegmentRegister.cs] = initial.segments[SegmentRegister.cs];
    }
    return {
      exception: vector,
      errorCode: faulted ? errorCode : 0,
      rip: faulted
        ? linearOf(segments[SegmentRegister.cs], outcome.rip)
        : BigInt(Layout.codeBase + test.start + test.code.length),
      address: faulted ? address : 0n,
      gpr,
      rflags: Number(rflags),
      segments,
      fx,
      memory,
      timedOut: false,
    };
  }

  private placeCode(test: TestCase): void {
    const { lastCode } = this;
    if (lastCode?.code === test.code && lastCode.start === test.start && lastCode.kind === test.kind) {
      return;
    }
    const { memory } = this.machine;
    if (lastCode) {
      memory.fill(at(Ram.code + lastCode.start), lastCode.code.length + EXIT_JUMP_LENGTH, CODE_FILL);
    }
    memory.write(at(Ram.code + test.start), Uint8Array.from([...test.code, ...exitJump(test)]));
    this.lastCode = test;
  }

  /** Fills the data pages; returns what they hold. */
  private placeData({ window }: InitialState): Uint8Array {
    const { background } = this;
    background.set(window, Layout.windowBase - Layout.dataBase);
    this.machine.memory.write(at(Ram.data), background);
    return background;
  }

  private changes(before: Uint8Array): [number, bigint][] {
    const after = this.machine.memory.read(at(Ram.data), Layout.dataSize);
    const old = new Int32Array(before.buffer);
    const now = new Int32Array(after.buffer);
    const words = new BigUint64Array(after.buffer);
    const found: [number, bigint][] = [];
    for (let i = 0; i < now.length; i += 2) {
      if (now[i] !== old[i] || now[i + 1] !== old[i + 1]) {
        found.push([i / 2, words[i / 2]]);
      }
    }
    return found;
  }
}

const timedOut: CaseResult = {
  exception: null,
  errorCode: 0,
  rip: 0n,
  address: 0n,
  gpr: new BigUint64Array(16),
  rflags: 0,
  segments: new Uint16Array(6),
  fx: null,
  memory: [],
  timedOut: true,
};

/** Longest jump that stands behind a case. */
const EXIT_JUMP_LENGTH = 8;

const farJump: Record<Exclude<CodeSize, 64>, readonly number[]> = { 16: [0x66, 0xea], 32: [0xea] };

/** The jump that native/harness.c puts behind a case. */
function exitJump({ kind, code, start }: TestCase): Uint8Array {
  const { bits } = kinds[kind];
  if (bits === 64) {
    // jmp *exitAddress(%rip)
    const jump = Uint8Array.of(0xff, 0x25, 0, 0, 0, 0);
    const end = Layout.codeBase + start + code.length + jump.length;
    new DataView(jump.buffer).setInt32(2, Layout.exitAddress - end, true);
    return jump;
  }
  const jump = Uint8Array.from([...farJump[bits], 0, 0, 0, 0, Gdt.code64, 0]);
  new DataView(jump.buffer).setUint32(farJump[bits].length, Layout.exitBase, true);
  return jump;
}
