import { ApicRegister } from "./local-apic-registers";
import { VectorSet } from "./vector-set";

/** What the processor works on, and what waits: IRR, ISR, TMR and TPR (SDM 3A, "Handling Interrupts"). */
export class InterruptPriorities {
  private readonly requested: VectorSet;
  private readonly inService: VectorSet;
  private readonly levelTriggered: VectorSet;

  /** @param registers those of the local APIC */
  constructor(private readonly registers: Uint32Array) {
    const vectors = (first: number): VectorSet => new VectorSet(registers.subarray(first, first + 8));
    this.requested = vectors(ApicRegister.interruptRequest);
    this.inService = vectors(ApicRegister.inService);
    this.levelTriggered = vectors(ApicRegister.triggerMode);
  }

  /** An interrupt has arrived. */
  request(vector: number, level: boolean): void {
    this.requested.add(vector);
    if (level) this.levelTriggered.add(vector);
    else this.levelTriggered.delete(vector);
  }

  /** The processor priority register (SDM 3A, "Task and Processor Priorities"). */
  priority(): number {
    const task = this.registers[ApicRegister.taskPriority];
    const service = Math.max(0, this.inService.highest());
    return task >> 4 >= service >> 4 ? task : service & 0xf0;
  }

  /** The highest vector requested, if its class is above the processor's priority; or -1. */
  deliverable(): number {
    const vector = this.requested.highest();
    return vector >> 4 > this.priority() >> 4 ? vector : -1;
  }

  /** A requested vector is now being served. */
  serve(vector: number): void {
    this.requested.delete(vector);
    this.inService.add(vector);
  }

  /** Ends the service of the highest vector. @returns the vector, or -1 when none was in service */
  end(): number {
    const vector = this.inService.highest();
    if (vector >= 0) this.inService.delete(vector);
    return vector;
  }

  isLevelTriggered(vector: number): boolean {
    return this.levelTriggered.has(vector);
  }
}
