import type { InterruptEvent } from "../../cpu/interrupt/event";
import { injectedEvent, isOfInstruction } from "../event-injection";
import { InterruptionType } from "../exit-reason";
import type { Vmcs } from "../vmcs";
import { VmcsField as F } from "../vmcs-field";
import type { Check } from "./check";

/** Bits 30:12 of the interruption information. */
const RESERVED = 0x7fff_f000;

/** Types that there are; monitor trap flag is not. */
const types: ReadonlySet<number> = new Set(Object.values(InterruptionType));

const NMI = 2;
const LAST_EXCEPTION = 31;
const LONGEST_INSTRUCTION = 15;
const ERROR_CODE = 0x7fff;

/** Exceptions that push an error code; the guest has CR0.PE set. */
const withErrorCode: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);

const pushesErrorCode = ({ type, vector }: InterruptEvent): boolean =>
  type === InterruptionType.hardwareException && withErrorCode.has(vector);

const hasVector = ({ type, vector }: InterruptEvent): boolean =>
  type === InterruptionType.nmi
    ? vector === NMI
    : type !== InterruptionType.hardwareException || vector <= LAST_EXCEPTION;

/** A check of the event that is injected, if there is one. */
const ofEvent = (wrong: string, fails: (event: InterruptEvent) => boolean): Check => [
  `injected event: ${wrong}`,
  (v: Vmcs) => {
    const event = injectedEvent(v);
    return event !== null && fails(event);
  },
];

/** SDM 3C, "VM-Entry Control Fields", on the VM-entry interruption information. */
export const injectionChecks: readonly Check[] = [
  ofEvent("type", ({ type }) => !types.has(type)),
  ofEvent("vector", (event) => !hasVector(event)),
  ofEvent("error code", (event) => (event.errorCode !== null) !== pushesErrorCode(event)),
  [
    "injected event: a reserved bit",
    (v) => injectedEvent(v) !== null && v.has(F.entryInterruptionInformation, RESERVED),
  ],
  ofEvent("error code above 15 bits", ({ errorCode }) => errorCode !== null && (errorCode & ~ERROR_CODE) !== 0),
  ofEvent(
    "instruction length",
    ({ type, length }) => isOfInstruction(type) && (length === 0 || length > LONGEST_INSTRUCTION),
  ),
];
