/** Places in the 512 bytes of FXSAVE (SDM 1, "FXSAVE Area"; 64-bit form). */
export const Fxsave = {
  controlWord: 0,
  statusWord: 2,
  tags: 4,
  opcode: 6,
  fip: 8,
  fdp: 16,
  mxcsr: 24,
  st: 32,
  xmm: 160,
} as const;

/** A state with everything as after FNINIT, and MXCSR as after reset. */
export function initialState(): Uint8Array {
  const state = new Uint8Array(512);
  const view = new DataView(state.buffer);
  view.setUint16(Fxsave.controlWord, 0x37f, true);
  view.setUint32(Fxsave.mxcsr, 0x1f80, true);
  return state;
}

export const viewOf = ({ buffer, byteOffset }: Uint8Array): DataView => new DataView(buffer, byteOffset);
