import { readFileSync } from "node:fs";
import { Computer } from "lcd-arch-x86/machine";

const MIB = 1 << 20;
const NEW_LINE = 10;

/** A computer that is about to run a kernel file with modules; `print` gets each line that it sends. */
export function bootKernel(kernel, commandLine, { modules = [], print }) {
  let line = "";
  const computer = new Computer({
    memory: 128 * MIB,
    onSerial: (byte) => {
      if (byte !== NEW_LINE) {
        line += String.fromCharCode(byte);
        return;
      }
      print(line);
      line = "";
    },
  });
  computer.boot(readFileSync(kernel), { commandLine, modules: modules.map((data) => ({ data, text: "" })) });
  return computer;
}
