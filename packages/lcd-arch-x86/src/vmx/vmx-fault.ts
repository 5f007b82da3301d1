/** Exceptions that VMX instructions raise. */
const faults = {
  "undefined-opcode": { vector: 6, errorCode: null, words: "#UD: not in VMX operation, or not in a mode that has VMX" },
  "general-protection": { vector: 13, errorCode: 0, words: "#GP(0): CPL is not 0, or VMX is not enabled" },
} as const;

/** A VMX instruction raised an exception instead of completing; nothing has changed. */
export class VmxFault extends Error {
  readonly vector: number;
  /** null when the exception pushes none. */
  readonly errorCode: number | null;

  constructor(kind: keyof typeof faults) {
    super(`VMX instruction: ${faults[kind].words}`);
    this.name = "VmxFault";
    this.vector = faults[kind].vector;
    this.errorCode = faults[kind].errorCode;
  }
}
