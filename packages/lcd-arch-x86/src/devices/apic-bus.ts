import { ALL_APICS, type ApicMessage, DeliveryMode } from "./apic-message";
import { type InterruptCommand, Shorthand } from "./interrupt-command";
import type { IoApic } from "./io-apic";
import type { LocalApic } from "./local-apic";

/** Brings messages to the local APICs of all processors, and ends of interrupts to the I/O APICs. */
export class ApicBus {
  private readonly locals: LocalApic[] = [];
  private readonly ioApics: IoApic[] = [];

  addLocalApic(apic: LocalApic): void {
    this.locals.push(apic);
  }

  addIoApic(apic: IoApic): void {
    this.ioApics.push(apic);
  }

  /**
   * Sends a message to those that a destination names. One of lowest priority goes to the one of them that has the
   * lowest processor priority, of equal ones to the first.
   *
   * @param destination 32 bits; ALL_APICS means all
   * @param logical whether destinations are compared with LDR and DFR, or with IDs
   * @returns whether a local APIC has accepted it
   */
  send(message: ApicMessage, destination: number, logical: boolean): boolean {
    const named = this.locals.filter((apic) => apic.isNamedBy(destination, logical));
    return deliver(message, named);
  }

  /** Sends an interprocessor interrupt. Shorthands take the place of the destination. */
  command(sender: LocalApic, { message, shorthand, logical }: InterruptCommand, destination: number): void {
    switch (shorthand) {
      case Shorthand.self:
        sender.receive(message);
        return;
      case Shorthand.allIncludingSelf:
        this.send(message, ALL_APICS, false);
        return;
      case Shorthand.allExcludingSelf:
        deliver(
          message,
          this.locals.filter((apic) => apic !== sender),
        );
        return;
      default:
        this.send(message, destination, logical);
    }
  }

  /** A local APIC has had the EOI of a level-triggered interrupt. */
  endOfInterrupt(vector: number): void {
    for (const apic of this.ioApics) apic.endOfInterrupt(vector);
  }
}

function deliver(message: ApicMessage, apics: readonly LocalApic[]): boolean {
  const takers = message.mode === DeliveryMode.lowestPriority ? lowestPriority(apics) : apics;
  let accepted = false;
  for (const apic of takers) accepted = apic.receive(message) || accepted;
  return accepted;
}

function lowestPriority(apics: readonly LocalApic[]): LocalApic[] {
  const [first, ...rest] = apics.filter((apic) => apic.isSoftwareEnabled());
  if (first === undefined) return [];
  return [rest.reduce((lowest, apic) => (apic.priority() < lowest.priority() ? apic : lowest), first)];
}
