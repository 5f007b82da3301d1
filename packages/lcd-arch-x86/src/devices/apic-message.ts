/** What a message to local APICs asks for (SDM 3A, "Interrupt Command Register (ICR)", Delivery Mode). */
export const DeliveryMode = {
  fixed: 0,
  lowestPriority: 1,
  smi: 2,
  nmi: 4,
  init: 5,
  startup: 6,
  extInt: 7,
} as const;

/** Vectors below this are no interrupts (SDM 3A, "Valid Interrupt Vectors"). */
export const FIRST_LEGAL_VECTOR = 16;

/** The destination that means every local APIC. Senders with 8-bit destinations send it for 0xff. */
export const ALL_APICS = 0xffffffff;

/** An 8-bit destination, as the ICR of an xAPIC and the I/O APIC have it, in 32 bits. */
export const wideDestination = (destination: number): number => (destination === 0xff ? ALL_APICS : destination);

/** A message on its way to local APICs. */
export interface ApicMessage {
  /** One of DeliveryMode, or 3, which is reserved. */
  readonly mode: number;
  /** 0 to 255. */
  readonly vector: number;
  /** Level-triggered: whoever sent it is told of the end of the interrupt. */
  readonly level: boolean;
}
