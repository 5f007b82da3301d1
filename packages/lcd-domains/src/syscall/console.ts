import { __gva } from "lcd-arch-x86";
import { readGuest } from "../lcd/guest-memory";
import { LINE_BYTES, SyscallCost } from "./cost";
import type { SyscallHandler } from "./dispatch";

/** The most that one WRITE prints; of more, the domain has to ask again. */
const WRITE_MAX = 0x1_0000n;

/** PUTCHAR(c): prints the character in the low eight bits. */
export const putchar: SyscallHandler = (thread, [character]) => {
  thread.lcd.console.put(Number(character & 0xffn));
  return 0;
};

/** WRITE(gva, length): prints bytes. Gives how many; EFAULT when the domain cannot read them all itself. */
export const write: SyscallHandler = (thread, [gva, length]) => {
  const bytes = readGuest(thread.lcd, __gva(gva), Number(length < WRITE_MAX ? length : WRITE_MAX));
  thread.charge(Math.ceil(bytes.length / LINE_BYTES) * SyscallCost.line);
  thread.lcd.console.write(bytes);
  return bytes.length;
};
