import { type ApicMessage, DeliveryMode, FIRST_LEGAL_VECTOR } from "./apic-message";

/** Interrupt command register, low half (SDM 3A, "Interrupt Command Register (ICR)"). */
const Command = {
  vector: 0xff,
  deliveryModeShift: 8,
  logical: 1 << 11,
  assert: 1 << 14,
  levelTriggered: 1 << 15,
  shorthandShift: 18,
} as const;

/** The destination shorthands. */
export const Shorthand = { none: 0, self: 1, allIncludingSelf: 2, allExcludingSelf: 3 } as const;

/** An interprocessor interrupt to be sent. */
export interface InterruptCommand {
  readonly message: ApicMessage;
  readonly shorthand: number;
  readonly logical: boolean;
}

/** The low half of the ICR in its parts. Interprocessor interrupts are edge-triggered, whatever it says. */
export const decodeCommand = (low: number): InterruptCommand => ({
  message: { mode: (low >> Command.deliveryModeShift) & 7, vector: low & Command.vector, level: false },
  shorthand: (low >> Command.shorthandShift) & 3,
  logical: (low & Command.logical) !== 0,
});

/** What a write to the self-IPI register sends. */
export const selfIpi = (vector: number): InterruptCommand => ({
  message: { mode: DeliveryMode.fixed, vector, level: false },
  shorthand: Shorthand.self,
  logical: false,
});

/** Whether a message carries a vector that is no interrupt. */
export const isIllegal = ({ mode, vector }: ApicMessage): boolean =>
  (mode === DeliveryMode.fixed || mode === DeliveryMode.lowestPriority) && vector < FIRST_LEGAL_VECTOR;

/** A level de-assert of INIT synchronized arbitration IDs once. Processors that have none ignore it. */
export const isInitDeassert = (low: number): boolean =>
  ((low >> Command.deliveryModeShift) & 7) === DeliveryMode.init &&
  (low & (Command.levelTriggered | Command.assert)) === Command.levelTriggered;
