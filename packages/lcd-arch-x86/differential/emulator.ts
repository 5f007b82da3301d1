import { __hpa, type hpa_t } from "../src/address";
import { Machine } from "../src/machine/index";
import { type CaseResult, type CaseRunner, type InitialState, initialState, type TestCase } from "./case";
import { BareEngine, DomainEngine, type Engine, type EngineStop } from "./engine";
import { backgroundByte, CODE_FILL, Layout } from "./layout";

/** Where things lie in the machine's RAM. */
const Ram = {
  tables: 0x1000,
  code: 0x8000,
  data: 0xa000,
  control: 0xc000,
  exit: 0xd000,
  end: 0xe000,
  size: 0x10_0000,
} as const;

const PAGE = 0x1000;
const PageBit = { present: 1n, writable: 1n << 1n, noExecute: 1n << 63n } as const;

const HLT = 0xf4;

/** Behind each case stands the jump that native/harness.c puts there, `jmp *exitAddress(%rip)`. */
const EXIT_JUMP = [0xff, 0x25] as const;
const EXIT_JUMP_LENGTH = 6;

/** A case that has not ended after so many instructions does not end. */
const INSTRUCTION_LIMIT = 20_000_000;

const BREAKPOINT = 3;
const INT3 = 0xcc;

/** How the emulator is to run cases. */
export interface EmulatorOptions {
  /** cold: code is translated as it is the first time; hot: as code that runs often. */
  readonly tier: "cold" | "hot";
  /** Instructions after which the processor is stopped and started again; all it takes, if not given. */
  readonly slice?: number;
  /** In VMX non-root operation, in a domain. */
  readonly domain?: boolean;
}

/** Runs cases on the emulated processor, in 64-bit mode: the pages of the layout are mapped and nothing else. */
export class EmulatorRunner implements CaseRunner {
  readonly name: string;
  /** Instructions that each case of the last `run` retired, those behind its end included. */
  retired: number[] = [];
  private readonly machine: Machine;
  private readonly engine: Engine;
  private readonly slice: number;
  private readonly background = Uint8Array.from({ length: Layout.dataSize }, (_, index) => backgroundByte(index));
  private lastCode: TestCase | null = null;

  constructor({ tier, slice, domain = false }: EmulatorOptions) {
    this.machine = new Machine({ memory: Ram.size, hotThreshold: tier === "hot" ? 0 : 1_000_000_000 });
    this.buildPageTables();
    const { memory } = this.machine;
    memory.fill(at(Ram.code), Layout.codeSize, CODE_FILL);
    memory.fill(at(Ram.exit), PAGE, HLT);
    memory.writeU64(at(Ram.control + Layout.exitAddress - Layout.controlBase), BigInt(Layout.exitBase));
    this.engine = domain
      ? new DomainEngine(this.machine, Ram.tables, Layout.gsBase, Ram.end)
      : new BareEngine(this.machine, Ram.tables, Layout.gsBase);
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
    const { engine } = this;
    const initial = initialState(test);
    this.placeCode(test);
    const before = this.placeData(initial);
    engine.start(BigInt(Layout.codeBase + test.start), initial.gpr, BigInt(initial.rflags));
    const stop = this.runToEnd();
    const faulted = stop.kind === "exception";
    return {
      exception: faulted ? stop.vector : null,
      errorCode: faulted ? stop.errorCode : 0,
      rip: this.stoppedAt(stop, test),
      address: faulted ? stop.address : 0n,
      gpr: engine.gpr(),
      rflags: Number(engine.rflags()),
      memory: this.changes(before),
      timedOut: stop.kind === "limit",
    };
  }

  private runToEnd(): EngineStop {
    const { engine } = this;
    const start = engine.retired;
    let stop: EngineStop;
    do {
      stop = engine.run(this.slice);
    } while (stop.kind === "limit" && engine.retired - start < INSTRUCTION_LIMIT);
    this.retired.push(engine.retired - start);
    return stop;
  }

  private placeCode(test: TestCase): void {
    const { lastCode } = this;
    if (lastCode?.code === test.code && lastCode.start === test.start) {
      return;
    }
    const { memory } = this.machine;
    if (lastCode) {
      memory.fill(at(Ram.code + lastCode.start), lastCode.code.length + EXIT_JUMP_LENGTH, CODE_FILL);
    }
    const bytes = new Uint8Array(test.code.length + EXIT_JUMP_LENGTH);
    bytes.set(test.code);
    bytes.set(EXIT_JUMP, test.code.length);
    const displacement = Layout.exitAddress - (Layout.codeBase + test.start + bytes.length);
    new DataView(bytes.buffer).setInt32(test.code.length + EXIT_JUMP.length, displacement, true);
    memory.write(at(Ram.code + test.start), bytes);
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

  /** As the real processor's RIP is reported: behind the case at its end, behind `int3`, else at what faulted. */
  private stoppedAt(stop: EngineStop, test: TestCase): bigint {
    const rip = this.engine.rip();
    // A HLT that exits is not passed.
    if (stop.kind === "halted" && rip - BigInt(Layout.exitBase) <= 1n) {
      return BigInt(Layout.codeBase + test.start + test.code.length);
    }
    if (stop.kind === "exception" && stop.vector === BREAKPOINT) {
      const offset = Number(rip) - Layout.codeBase;
      const bytes = this.machine.memory.read(at(Ram.code + offset), 15);
      return rip + BigInt(bytes.indexOf(INT3) + 1);
    }
    return rip;
  }

  private buildPageTables(): void {
    const tables = new Tables(this.machine);
    const { writable, noExecute } = PageBit;
    for (let offset = 0; offset < Layout.codeSize; offset += PAGE) {
      tables.map(Layout.codeBase + offset, Ram.code + offset, 0n);
    }
    for (let offset = 0; offset < Layout.dataSize; offset += PAGE) {
      tables.map(Layout.dataBase + offset, Ram.data + offset, writable | noExecute);
    }
    tables.map(Layout.controlBase, Ram.control, noExecute);
    tables.map(Layout.exitBase, Ram.exit, 0n);
  }
}

/** 4-level page tables, made as they are needed from `Ram.tables` on. */
class Tables {
  private next = Ram.tables + PAGE;

  constructor(private readonly machine: Machine) {}

  map(linear: number, physical: number, bits: bigint): void {
    let table: number = Ram.tables;
    for (const shift of [39, 30, 21]) {
      table = this.below(table + (Math.floor(linear / 2 ** shift) & 511) * 8);
    }
    const entry = table + ((linear >>> 12) & 511) * 8;
    this.machine.memory.writeU64(at(entry), BigInt(physical) | PageBit.present | bits);
  }

  private below(entry: number): number {
    const { memory } = this.machine;
    const found = Number(memory.readU64(at(entry)) & 0xffff_f000n);
    if (found !== 0) {
      return found;
    }
    const table = this.next;
    this.next += PAGE;
    if (this.next > Ram.code) {
      throw new Error("the layout needs more page tables than there is room for");
    }
    memory.writeU64(at(entry), BigInt(table) | PageBit.present | PageBit.writable);
    return table;
  }
}

function at(address: number): hpa_t {
  return __hpa(BigInt(address));
}
