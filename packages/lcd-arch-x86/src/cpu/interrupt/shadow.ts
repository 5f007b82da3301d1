/** Bits of the interruptibility state (SDM 3C, table "Format of Interruptibility State"). */
export const Blocking = { bySti: 1, byMovSs: 2, byNmi: 8 } as const;

/** Blocking that ends when the next instruction has retired. */
export const BLOCKING_FOR_ONE_INSTRUCTION = Blocking.bySti | Blocking.byMovSs;

/**
 * What lasts until the next instruction has retired: RFLAGS.RF, and blocking by STI and MOV SS. It need not be ended at
 * that very moment; who asks for it looks first whether it is over.
 */
export class Shadow {
  /** Bits of `Blocking`. */
  interruptibility = 0;
  private active = false;
  /** Value of `retired` at the boundary behind the instruction that began it; -1: not there yet. */
  private since = -1;

  /** Begins while an instruction, or a VM entry, is executed. */
  begin(): void {
    this.active = true;
    this.since = -1;
  }

  /** The processor is between two instructions. */
  meetBoundary(retired: number): void {
    if (this.active && this.since < 0) {
      this.since = retired;
    }
  }

  /** Whether it has just ended: says so once. */
  isOver(retired: number): boolean {
    if (!this.active || this.since < 0 || retired <= this.since) {
      return false;
    }
    this.active = false;
    return true;
  }

  /** Whether it may still last. */
  get isActive(): boolean {
    return this.active;
  }
}
