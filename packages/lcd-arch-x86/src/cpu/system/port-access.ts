import type { AccessSize } from "../../devices/bus";
import { setResume } from "../interrupt/saved-state";
import { Gpr, Rflags, Segment } from "../state";
import { requirePorts } from "./io-permission";
import { probeWrite, readMemory, writeMemory } from "./memory-operand";
import type { Execute, Operations } from "./operation";
import { guardPorts, IoQualification, portInDx, readPort, writePort } from "./ports";
import { setRegister } from "./registers";
import { segmentAddress } from "./segment-address";

/** IN and OUT; operands are bytes, and the port, or -1 when it is in DX. */
const single =
  (input: boolean): Execute =>
  (p, [size, immediate], length) => {
    const port = immediate < 0 ? portInDx(p) : immediate;
    const access = { port, size: size as AccessSize, input };
    if (guardPorts(p, access, { form: immediate < 0 ? 0 : IoQualification.immediate, length })) {
      return "vm-exit";
    }
    if (input) {
      setRegister(p, Gpr.rax, size, readPort(p, access));
    } else {
      writePort(p, access, BigInt.asUintN(size * 8, p.gpr[Gpr.rax]));
    }
    return "next";
  };

/**
 * INS and OUTS, one repetition; operands are bytes, whether it is repeated, the address size in bytes, the segment and
 * the instruction information. All that can fail is tried before the device is asked, so that it is asked once; whether
 * the program may use the ports, also for a count of 0.
 */
const string =
  (input: boolean): Execute =>
  (p, [size, repeated, addressSize, segment, instructionInformation], length) => {
    const addressBits = addressSize * 8;
    const count = BigInt.asUintN(addressBits, p.gpr[Gpr.rcx]);
    const pointer = input ? Gpr.rdi : Gpr.rsi;
    const offset = BigInt.asUintN(addressBits, p.gpr[pointer]);
    const access = { port: portInDx(p), size: size as AccessSize, input };
    requirePorts(p, access.port, size);
    if (repeated !== 0 && count === 0n) {
      return "next";
    }
    const guestLinearAddress = segmentAddress(p, input ? Segment.es : segment, offset, size, input);
    const form = IoQualification.string | (repeated !== 0 ? IoQualification.repeated : 0);
    if (guardPorts(p, access, { form, length, guestLinearAddress, instructionInformation })) {
      return "vm-exit";
    }
    if (input) {
      probeWrite(p, guestLinearAddress, size);
      writeMemory(p, guestLinearAddress, size, readPort(p, access));
    } else {
      writePort(p, access, readMemory(p, guestLinearAddress, size));
    }
    const backwards = (p.state.get32("systemFlags") & Rflags.DF) !== 0;
    setRegister(p, pointer, addressSize, backwards ? offset - BigInt(size) : offset + BigInt(size));
    if (repeated === 0) {
      return "next";
    }
    setRegister(p, Gpr.rcx, addressSize, count - 1n);
    if (count === 1n) {
      return "next";
    }
    // One repetition is one instruction: the next one is begun at the same RIP.
    setResume(p);
    return "elsewhere";
  };

/** IN, OUT, INS and OUTS (SDM 2A, 2B). They check their privilege by themselves. */
export const portAccess: Operations = {
  in: { unprivileged: true, execute: single(true) },
  out: { unprivileged: true, execute: single(false) },
  ins: { unprivileged: true, execute: string(true) },
  outs: { unprivileged: true, execute: string(false) },
};
