import { Kind, Real } from "../float/real";
import { clearPointers, initialize, loadWords } from "./control";
import type { Fpu } from "./fpu";

/** The tags of FNSTENV, two bits for each register (SDM 1, "x87 FPU Tag Word"). */
const Tag = { valid: 0, zero: 1, special: 2, empty: 3 } as const;

const REGISTER_BYTES = 10;

/** A form of the environment that FNSTENV stores (SDM 1, figures of "Saving the x87 FPU's State"). */
export interface EnvironmentForm {
  /** Operand size: 2 or 4. */
  size: 2 | 4;
  /** Real-address or virtual-8086 mode: pointers are linear addresses. */
  real: boolean;
}

/** Bytes of the environment, and of all that FNSAVE stores. */
export const environmentSize = ({ size }: EnvironmentForm): number => size * 7;
export const imageSize = (form: EnvironmentForm): number => environmentSize(form) + 8 * REGISTER_BYTES;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

const scratch = new Real();

/** The tag of physical register `number`, from its contents. */
function tagOf(fpu: Fpu, number: number): number {
  const i = (number - fpu.top) & 7;
  if (fpu.isEmpty(i)) {
    return Tag.empty;
  }
  fpu.load(i, scratch);
  if (scratch.kind === Kind.zero) {
    return Tag.zero;
  }
  return scratch.kind === Kind.finite && !scratch.denormal ? Tag.valid : Tag.special;
}

function tagWord(fpu: Fpu): number {
  let tags = 0;
  for (let number = 7; number >= 0; number--) {
    tags = (tags << 2) | tagOf(fpu, number);
  }
  return tags;
}

/** FNSTENV: writes control, status and tag words and the pointers; afterwards all exceptions are masked. */
export function storeEnvironment(fpu: Fpu, form: EnvironmentForm, bytes: Uint8Array): void {
  const { state } = fpu;
  const view = viewOf(bytes);
  const { size, real } = form;
  const ip = Number(BigInt.asUintN(32, state.get64("fpuIp")));
  const dp = Number(BigInt.asUintN(32, state.get64("fpuDp")));
  const opcode = state.get32("fpuOpcode") & 0x7ff;
  const [cs, ds] = [state.get32("fpuCs"), state.get32("fpuDs")];
  const words = [fpu.control, fpu.status, tagWord(fpu)];
  if (size === 4) {
    // The upper halves of 16-bit fields are reserved; processors store ones.
    words.forEach((word, at) => view.setUint32(at * 4, word | 0xffff0000, true));
    if (real) {
      const linear = (cs * 16 + ip) >>> 0;
      const operand = (ds * 16 + dp) >>> 0;
      view.setUint32(12, (linear & 0xffff) | 0xffff0000, true);
      view.setUint32(16, ((linear >>> 16) << 12) | opcode, true);
      view.setUint32(20, (operand & 0xffff) | 0xffff0000, true);
      view.setUint32(24, (operand >>> 16) << 12, true);
    } else {
      view.setUint32(12, ip, true);
      view.setUint32(16, cs | (opcode << 16), true);
      view.setUint32(20, dp, true);
      view.setUint32(24, ds | 0xffff0000, true);
    }
  } else {
    words.forEach((word, at) => view.setUint16(at * 2, word, true));
    if (real) {
      const linear = cs * 16 + ip;
      const operand = ds * 16 + dp;
      view.setUint16(6, linear, true);
      view.setUint16(8, ((linear >>> 4) & 0xf000) | opcode, true);
      view.setUint16(10, operand, true);
      view.setUint16(12, (operand >>> 4) & 0xf000, true);
    } else {
      [ip, cs, dp, ds].forEach((word, at) => view.setUint16(6 + at * 2, word, true));
    }
  }
  fpu.control |= 0x3f;
}

/** FLDENV. Of the tags, it counts only which registers are empty: the others are made from contents again. */
export function loadEnvironment(fpu: Fpu, { size, real }: EnvironmentForm, bytes: Uint8Array): void {
  const { state } = fpu;
  const view = viewOf(bytes);
  const word = (at: number): number => view.getUint16(at * size, true);
  const tags = word(2);
  let full = 0;
  for (let number = 0; number < 8; number++) {
    full |= ((tags >>> (number * 2)) & 3) === Tag.empty ? 0 : 1 << number;
  }
  state.set32("fpuTags", full);
  loadWords(fpu, word(0), word(1));
  clearPointers(state);
  const wide = (at: number): number => (size === 4 ? view.getUint32(at * 4, true) : view.getUint16(at * 2, true));
  const [ip, second, dp, fourth] = [wide(3), wide(4), wide(5), wide(6)];
  if (real) {
    // Linear addresses, whose upper bits are from bit 12 of the field that follows.
    state.set64("fpuIp", BigInt(((ip & 0xffff) | ((second >>> 12) << 16)) >>> 0));
    state.set64("fpuDp", BigInt(((dp & 0xffff) | ((fourth >>> 12) << 16)) >>> 0));
    state.set32("fpuOpcode", second & 0x7ff);
  } else {
    state.set64("fpuIp", BigInt(ip));
    state.set64("fpuDp", BigInt(dp));
    state.set32("fpuCs", second & 0xffff);
    state.set32("fpuDs", fourth & 0xffff);
    state.set32("fpuOpcode", size === 4 ? (second >>> 16) & 0x7ff : 0);
  }
}

/** Writes the 80 bits of ST(i). */
export function storeRegister({ state, top }: Fpu, i: number, view: DataView, at: number): void {
  const register = ((top + i) & 7) * 2;
  view.setUint32(at, state.low("st", register), true);
  view.setUint32(at + 4, state.high("st", register), true);
  view.setUint16(at + 8, state.low("st", register + 1), true);
}

/** Reads the 80 bits of ST(i), whether it is empty or not. */
export function loadRegister({ state, top }: Fpu, i: number, view: DataView, at: number): void {
  const register = ((top + i) & 7) * 2;
  state.setHalves("st", view.getUint32(at, true), view.getUint32(at + 4, true), register);
  state.setHalves("st", view.getUint16(at + 8, true), 0, register + 1);
}

/** FNSAVE: the environment, the registers from ST(0) on, and FNINIT. */
export function storeImage(fpu: Fpu, form: EnvironmentForm, bytes: Uint8Array): void {
  storeEnvironment(fpu, form, bytes);
  for (let i = 0; i < 8; i++) {
    const at = environmentSize(form) + i * REGISTER_BYTES;
    storeRegister(fpu, i, viewOf(bytes), at);
  }
  initialize(fpu);
}

/** FRSTOR. */
export function loadImage(fpu: Fpu, form: EnvironmentForm, bytes: Uint8Array): void {
  loadEnvironment(fpu, form, bytes);
  for (let i = 0; i < 8; i++) {
    const at = environmentSize(form) + i * REGISTER_BYTES;
    loadRegister(fpu, i, viewOf(bytes), at);
  }
}
