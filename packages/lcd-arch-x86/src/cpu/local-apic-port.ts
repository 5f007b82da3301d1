/**
 * What a processor's instructions reach of its local APIC (SDM 3A, "Advanced Programmable Interrupt Controller"). A
 * processor that has one says so in CPUID; without one these MSRs do not exist.
 */
export interface LocalApicPort {
  /** Its ID after reset: what CPUID reports. */
  readonly initialId: number;
  /**
   * Reads IA32_APIC_BASE (1BH), IA32_TSC_DEADLINE (6E0H), or an x2APIC register (800H to 8FFH).
   *
   * @throws GuestException #GP(0) for a register that there is not, or not in this APIC mode
   */
  readMsr(index: number): bigint;
  /** Writes one of these. @throws GuestException #GP(0) also for a value that it does not take */
  writeMsr(index: number, value: bigint): void;
  /** Software has written the time-stamp counter: the timer may wait for a value of it. */
  tscChanged(): void;
  /** Task priority, 0 to 15: bits 7:4 of the TPR, which CR8 reads and writes. */
  taskPriority: number;
}
