import { commands } from "./commands";

/** What `lcd --help` prints. */
export function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  return `Usage: lcd <command> [options]

Runs Linux kernel modules, real x86-64 machine code, each isolated in a lightweight
capability domain: a hardware virtual machine on a processor that LCD emulates.

Commands:
${list}

Begin here:
  lcd run hello                         a module that comes with LCD says hello
  lcd run params name=Ada count=3       modules have parameters
  lcd run wild-write                    a module does wrong, and is explained
  lcd run spin --fuel 10M               a module never ends, and is stopped
  lcd cc greet.c -o greet.ko            compile your own (gcc or clang is enough)
  lcd run greet.ko                      and run it
  lcd call crc16.ko crc16 0 str:123456789 9
                                        call a function of a module of your distribution

Exit codes:
  0  all went well; the module's init returned 0
  1  init returned an error, or the module could not be loaded
  2  the command line makes no sense
  3  the domain was killed, by a fault or by a limit

lcd <command> --help says more about each, lcd --version which LCD this is.
`;
}
