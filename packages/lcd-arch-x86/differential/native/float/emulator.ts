import type { Processor } from "../../../src/cpu/processor";
import { Gpr } from "../../../src/cpu/state";
import { loadX87, loadXmm, storeMxcsr, storeX87, storeXmm } from "../../../src/cpu/x87/index";
import { __hpa, Machine } from "../../../src/index";
import type { FloatRequest, FloatResult } from "./native";
import { Fxsave, viewOf } from "./state";

/** Where harness.c has its data. */
const DATA = 0x10000000n;
const DATA_PAGE = 0x3000;
const TOP_TABLE = 0x4000;
const CODE = 0x100000;
const MEMORY = 0x800000;
/** Bytes that each piece of code is given, with the HLT behind it. */
const SLOT = 64;
const SLOTS = 4096;

/** Runs code in the emulator, as harness.c does on the processor. */
export class EmulatedFloat {
  private readonly machine = new Machine({ memory: MEMORY });
  private readonly p: Processor = this.machine.processors[0];
  /** Where a piece of code is: a translation is used again for the next case. */
  private readonly places = new Map<string, number>();

  constructor() {
    const { memory } = this.machine;
    // Addresses below 4 GiB are those of RAM, and the page at DATA.
    memory.writeU64(__hpa(TOP_TABLE), 0x5003n);
    memory.writeU64(__hpa(0x5000), 0x6003n);
    memory.writeU64(__hpa(0x6000), 0x83n);
    memory.writeU64(__hpa(0x6008), 0x200083n);
    memory.writeU64(__hpa(0x6000 + 128 * 8), 0x7003n);
    memory.writeU64(__hpa(0x7000), BigInt(DATA_PAGE) | 3n);
  }

  run({ code, rax, rflags, memory, state }: FloatRequest): FloatResult {
    const { p } = this;
    const ram = this.machine.memory;
    const view = viewOf(state);
    p.startIn64BitMode();
    p.writeControlRegister(3, BigInt(TOP_TABLE));
    p.writeControlRegister(4, p.readControlRegister(4) | OS_SSE);
    p.rip = BigInt(this.place(code));
    p.rflags = BigInt(rflags);
    p.gpr[Gpr.rax] = rax;
    p.gpr[Gpr.rdi] = DATA;
    loadX87(p.fpu, view, true);
    loadXmm(p.state, view, 16);
    p.state.set32("mxcsr", view.getUint32(Fxsave.mxcsr, true));
    ram.write(__hpa(DATA_PAGE), memory);
    const stop = p.run(100);
    const result = new Uint8Array(512);
    const after = viewOf(result);
    storeX87(p.fpu, after, true);
    storeXmm(p.state, after, 16);
    storeMxcsr(p.state, after);
    return {
      vector: stop.kind === "exception" ? stop.vector : null,
      rax: p.gpr[Gpr.rax],
      rflags: Number(p.rflags),
      memory: ram.read(__hpa(DATA_PAGE), memory.length),
      state: result,
    };
  }

  private place(code: readonly number[]): number {
    const key = code.join();
    let at = this.places.get(key);
    if (at === undefined) {
      if (this.places.size === SLOTS) {
        this.places.clear();
      }
      at = CODE + this.places.size * SLOT;
      this.places.set(key, at);
      this.machine.memory.write(__hpa(at), Uint8Array.of(...code, HLT));
    }
    return at;
  }
}

const HLT = 0xf4;
/** CR4.OSFXSR and CR4.OSXMMEXCPT. */
const OS_SSE = 0x600n;
