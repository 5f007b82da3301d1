import type { Processor } from "../src/cpu/processor";
import { Segment } from "../src/cpu/state";
import type { Machine } from "../src/machine/machine";
import { Cr0, Cr4 } from "../src/mmu/control-bits";
import { Rights } from "../src/vmx/segments";
import type { InitialState } from "./case";
import type { Engine, Outcome } from "./engine";
import { fxOf, setFx } from "./fx-registers";
import { Layout } from "./layout";
import { descriptorOf, encodeDescriptor, SegmentRegister } from "./segments";
import { at, buildUserSpace, HANDLER_SIZE, Limits, Ram, SYSTEM_BASE } from "./user-space";

/** Exceptions that push an error code (SDM 3A, "Exceptions and Interrupts"). */
const withErrorCode: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17, 21]);

const LDT_RIGHTS = 0x82;
const RSP = 4;

/** The processor itself, in user mode with exceptions that are delivered to handlers which halt. */
export class UserEngine implements Engine {
  readonly name = "user mode";
  private readonly cpu: Processor;
  private withFx = false;

  constructor(private readonly machine: Machine) {
    this.cpu = machine.processors[0];
    buildUserSpace(machine);
    const { cpu } = this;
    cpu.writeControlRegister(0, cpu.readControlRegister(0) | BigInt(Cr0.AM));
    cpu.writeControlRegister(4, cpu.readControlRegister(4) | BigInt(Cr4.OSFXSR | Cr4.OSXMMEXCPT | Cr4.OSXSAVE));
    cpu.writeControlRegister(3, BigInt(Ram.tables));
    cpu.deliversExceptions = true;
    const { state } = cpu;
    state.set64("gdtrBase", SYSTEM_BASE + BigInt(Ram.gdt));
    state.set32("gdtrLimit", Limits.gdt);
    state.set64("idtrBase", SYSTEM_BASE + BigInt(Ram.idt));
    state.set32("idtrLimit", Limits.idt);
    state.set64("segmentBase", SYSTEM_BASE + BigInt(Ram.ldt), Segment.ldtr);
    state.set32("segmentSelector", 0x50, Segment.ldtr);
    state.set32("segmentLimit", Limits.ldt, Segment.ldtr);
    state.set32("segmentRights", LDT_RIGHTS, Segment.ldtr);
    state.set64("segmentBase", SYSTEM_BASE + BigInt(Ram.tss), Segment.tr);
    state.set32("segmentLimit", Limits.tss, Segment.tr);
  }

  get retired(): number {
    return this.cpu.retired;
  }

  start(rip: bigint, initial: InitialState): void {
    const { cpu } = this;
    const { state } = cpu;
    for (const [register, selector] of initial.segments.entries()) {
      this.loadSegment(register, selector);
    }
    if (initial.segments[SegmentRegister.gs] === 0) {
      state.set64("segmentBase", BigInt(Layout.gsBase), Segment.gs);
    }
    state.set32("cpl", 3);
    cpu.gpr.set(initial.gpr);
    cpu.rflags = BigInt(initial.rflags);
    cpu.rip = rip;
    this.withFx = initial.fx !== null;
    if (initial.fx) {
      setFx(state, initial.fx);
    }
    cpu.addressSpaceChanged();
  }

  private loadSegment(register: number, selector: number): void {
    const { state } = this.cpu;
    const descriptor = descriptorOf(selector);
    state.set32("segmentSelector", selector, register);
    state.set64("segmentBase", BigInt(descriptor?.base ?? 0), register);
    state.set32("segmentLimit", descriptor?.limit ?? 0, register);
    state.set32(
      "segmentRights",
      descriptor ? (encodeDescriptor(descriptor)[1] >>> 8) & 0xf0ff : Rights.unusable,
      register,
    );
  }

  run(limit: number): Outcome | null {
    const stop = this.cpu.run(limit);
    switch (stop.kind) {
      case "halted":
        return this.outcome();
      case "limit":
        return null;
      default:
        throw new Error(`the processor stopped: ${stop.kind}`);
    }
  }

  /** From the frame that the exception has pushed (SDM 3A, "64-Bit Mode Stack Frame"). */
  private outcome(): Outcome {
    const { cpu } = this;
    const vector = Math.floor((Number(cpu.rip - SYSTEM_BASE) - Ram.handlers) / HANDLER_SIZE);
    const hasCode = withErrorCode.has(vector);
    const frame = Number(cpu.gpr[RSP] - SYSTEM_BASE) + (hasCode ? 8 : 0);
    const word = (number: number): bigint => this.machine.memory.readU64(at(frame + number * 8));
    const gpr = cpu.gpr.slice();
    gpr[RSP] = word(3);
    const segments = new Uint16Array(6);
    for (let i = 0; i < segments.length; i++) {
      segments[i] = cpu.state.get32("segmentSelector", i);
    }
    segments[SegmentRegister.cs] = Number(word(1));
    segments[SegmentRegister.ss] = Number(word(4));
    // HLT, which user mode may not execute, is all that is on the page where cases end.
    const ended = word(0) === BigInt(Layout.exitBase);
    return {
      vector: ended ? null : vector,
      errorCode: hasCode ? Number(word(-1)) : 0,
      address: cpu.state.get64("cr2"),
      rip: word(0),
      rflags: word(2),
      gpr,
      segments,
      fx: this.withFx ? fxOf(cpu.state) : null,
    };
  }
}
