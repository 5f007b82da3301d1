/** Registers of time, date and alarm (MC146818, "Address Map"), and the byte with the century that ACPI names. */
export const TimeRegister = {
  seconds: 0x00,
  secondsAlarm: 0x01,
  minutes: 0x02,
  minutesAlarm: 0x03,
  hours: 0x04,
  hoursAlarm: 0x05,
  /** 1 is Sunday. */
  dayOfWeek: 0x06,
  dayOfMonth: 0x07,
  month: 0x08,
  year: 0x09,
  century: 0x32,
} as const;

/** How register B says that bytes are written. */
export interface TimeFormat {
  /** Binary, not BCD. */
  readonly binary: boolean;
  /** Hours 0 to 23, not 1 to 12 with bit 7 for PM. */
  readonly hours24: boolean;
}

const PM = 0x80;

/** Alarm bytes from here on match always (MC146818, "Alarm"). */
const DO_NOT_CARE = 0xc0;

const fromByte = (byte: number, { binary }: TimeFormat): number => (binary ? byte : (byte >> 4) * 10 + (byte & 0xf));

const toByte = (value: number, { binary }: TimeFormat): number =>
  binary ? value : (Math.floor(value / 10) << 4) | (value % 10);

function hoursFromByte(byte: number, format: TimeFormat): number {
  if (format.hours24) return fromByte(byte, format);
  return (fromByte(byte & ~PM, format) % 12) + (byte & PM ? 12 : 0);
}

function hoursToByte(hours: number, format: TimeFormat): number {
  if (format.hours24) return toByte(hours, format);
  return toByte(hours % 12 || 12, format) | (hours >= 12 ? PM : 0);
}

/** The time in registers, in seconds since 1970 UTC. What is no date is one all the same: 31 February is in March. */
export function readTime(registers: Uint8Array, format: TimeFormat): number {
  const value = (register: number): number => fromByte(registers[register], format);
  const year = value(TimeRegister.century) * 100 + value(TimeRegister.year);
  const hours = hoursFromByte(registers[TimeRegister.hours], format);
  const date = new Date(0);
  date.setUTCFullYear(year, value(TimeRegister.month) - 1, value(TimeRegister.dayOfMonth));
  date.setUTCHours(hours, value(TimeRegister.minutes), value(TimeRegister.seconds));
  return date.getTime() / 1000;
}

/** Puts a time, in seconds since 1970 UTC, in registers. */
export function writeTime(registers: Uint8Array, seconds: number, format: TimeFormat): void {
  const date = new Date(seconds * 1000);
  const write = (register: number, value: number): void => {
    registers[register] = toByte(value, format);
  };
  write(TimeRegister.seconds, date.getUTCSeconds());
  write(TimeRegister.minutes, date.getUTCMinutes());
  registers[TimeRegister.hours] = hoursToByte(date.getUTCHours(), format);
  write(TimeRegister.dayOfWeek, date.getUTCDay() + 1);
  write(TimeRegister.dayOfMonth, date.getUTCDate());
  write(TimeRegister.month, date.getUTCMonth() + 1);
  write(TimeRegister.year, date.getUTCFullYear() % 100);
  write(TimeRegister.century, Math.floor(date.getUTCFullYear() / 100));
}

/** Whether a second of the day is that of the alarm in registers. */
export function matchesAlarm(registers: Uint8Array, secondOfDay: number, format: TimeFormat): boolean {
  const matches = (alarm: number, byte: number): boolean =>
    registers[alarm] >= DO_NOT_CARE || registers[alarm] === byte;
  return (
    matches(TimeRegister.secondsAlarm, toByte(secondOfDay % 60, format)) &&
    matches(TimeRegister.minutesAlarm, toByte(Math.floor(secondOfDay / 60) % 60, format)) &&
    matches(TimeRegister.hoursAlarm, hoursToByte(Math.floor(secondOfDay / 3600), format))
  );
}
