import type { CodeSize } from "../differential/kinds";

/** What a mode of the processor needs. */
export interface Mode {
  readonly bits: CodeSize;
  readonly protection: boolean;
  readonly virtual8086: boolean;
  readonly long: boolean;
  /** It begins as a hypervisor that lets a guest of its own run. */
  readonly hypervisor: boolean;
}

const plain = { protection: true, virtual8086: false, long: false, hypervisor: false } as const;

/** The modes of the processor (SDM 3A, "Modes of Operation"), and VMX operation. */
export const modes = {
  real: { ...plain, bits: 16, protection: false },
  v86: { ...plain, bits: 16, virtual8086: true },
  "16": { ...plain, bits: 16 },
  "32": { ...plain, bits: 32 },
  compat: { ...plain, bits: 32, long: true },
  "64": { ...plain, bits: 64, long: true },
  vmx: { ...plain, bits: 64, long: true, hypervisor: true },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof modes;

export const modeNames = Object.keys(modes) as ModeName[];
