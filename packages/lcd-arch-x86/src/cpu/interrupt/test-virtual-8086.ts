import { setV86Segment } from "../segmentation/task-segments";
import { Rflags, Segment } from "../state";
import { ProtectedModeSystem, TSS } from "./test-protected-mode";

/** The 8086 program: code at 2000:0100, stack at 3000:1000. */
export const CS = 0x2000;
export const SS = 0x3000;
export const IP = 0x100;
export const SP = 0x1000;

/** A protected-mode system in which an 8086 program runs. */
export class Virtual8086System extends ProtectedModeSystem {
  /** Puts 8086 code at CS:IP. */
  put8086(code: readonly number[]): void {
    this.machine.memory.write((CS * 16 + IP) as never, Uint8Array.from(code));
  }

  /** Runs 8086 code in virtual-8086 mode until a handler of the protected-mode system halts, or for `limit` instructions. */
  run8086(code: readonly number[], flags = 0, limit = 1000): void {
    const { cpu } = this;
    this.put8086(code);
    cpu.eflags = Rflags.VM | Rflags.fixed | flags;
    cpu.state.set32("cpl", 3);
    for (const [segment, selector] of [
      [Segment.cs, CS],
      [Segment.ss, SS],
      [Segment.ds, 0x1111],
      [Segment.es, 0x2222],
      [Segment.fs, 0x3333],
      [Segment.gs, 0x4444],
    ]) {
      setV86Segment(cpu, segment, selector);
    }
    cpu.addressSpaceChanged();
    cpu.gpr[4] = BigInt(SP);
    cpu.rip = BigInt(IP);
    cpu.run(limit);
  }

  /** A redirection bitmap behind the TSS, all of whose bits are those of `byte`. */
  redirect(byte: number): void {
    this.cpu.state.set32("segmentLimit", 0x67 + 32, Segment.tr);
    this.write16(TSS + 102, 0x68 + 32);
    for (let at = 0; at < 32; at++) {
      this.machine.memory.writeU8((TSS + 0x68 + at) as never, byte);
    }
  }
}
