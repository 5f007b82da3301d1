import { InvalidArgumentError } from "commander";
import { defineCommand, runCommand } from "../command/define";
import { addMachineOptions, collect, type MachineOptions } from "../command/machine-options";
import { parseName } from "../command/name";
import { reporting } from "../command/reporting";
import type { Terminal } from "../terminal";
import { parseArguments } from "./arguments";
import { callFunction } from "./call-function";
import { checkDumps, type Dump, parseDump } from "./dump-option";
import type { ResultType } from "./result";

const EXAMPLES = `
Arguments, at most six, in the order of the C function's parameters:
  42  -1  0xff       an integer
  str:hello          a pointer to the text, with a NUL behind it
  hex:00ff10         a pointer to these bytes
  file:data.bin      a pointer to what the file has in it
  out:64             a pointer to 64 zeroed bytes, for what the function writes

Examples:
  lcd call crc16.ko crc16 0 str:123456789 9
      47933 (0xbb3d)
  lcd call answer answer 6                   a function of an example
  lcd call crc7.ko crc7_be 0 hex:4000000000 5 --width 8
  lcd call crc8.ko crc8_populate_msb out:256 7 --dump 1:32
  lcd call lz4_compress.ko LZ4_compress_default file:in.txt out:64K 1000 65536 out:16416 --dump 2:32

--dump counts the function's arguments from 1: --dump 2 shows all of the second one's buffer after the
call, --dump 2:32 its first 32 bytes. It may be given more than once.

A function's result is what it leaves in rax, 64 bits. If its type has fewer, the others may be anything:
--width 8, 16 or 32 leaves them out, --signed makes it negative when its top bit says so.

What the module needs of others is loaded first, through the modules.dep of the tree that it lies in, or
from beside it. Its init function does not run, unless --init is given.`;

interface Options extends MachineOptions {
  readonly dump: readonly Dump[];
  readonly signed: boolean;
  readonly width: ResultType["width"];
  readonly init: boolean;
  readonly param: readonly string[];
}

/** `lcd call`. */
export async function call(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = addMachineOptions(defineCommand("call", terminal))
    .description("Maps a module into a domain and calls one of its functions under the C ABI.")
    .argument("<module>", "path of a .ko file, or name of an example", parseName)
    .argument("<symbol>", "the function", parseName)
    .argument("[arguments...]", "its arguments")
    .option("--dump <argument>", "show a buffer after the call: 2, or 2:64 for 64 bytes of it", parseDump, [])
    .option("--width <bits>", "bits of the result that count: 8, 16, 32 or 64 (default: 64)", parseWidth, 64)
    .option("--signed", "the result is a signed integer", false)
    .option("--init", "run the module's init function first", false)
    .option("--param <name=value>", "module parameter (may be given again)", collect, [])
    .addHelpText("after", EXAMPLES);
  return runCommand(
    command,
    words.map(plainNegative),
    (module: string, symbol: string, args: string[], options: Options) =>
      callAndReport(module, symbol, args, options, terminal),
  );
}

/** commander knows -5 for a number, but not -0x5. */
function plainNegative(word: string): string {
  return /^-0[xob][0-9a-f]+$/i.test(word) ? String(-BigInt(word.slice(1))) : word;
}

function parseWidth(text: string): ResultType["width"] {
  const width = ([8, 16, 32, 64] as const).find((bits) => String(bits) === text);
  if (width === undefined) throw new InvalidArgumentError("It must be 8, 16, 32 or 64.");
  return width;
}

async function callAndReport(
  module: string,
  symbol: string,
  words: readonly string[],
  options: Options,
  terminal: Terminal,
): Promise<number> {
  const args = parseArguments(words, terminal.cwd);
  checkDumps(options.dump, args);
  const { dump: dumps, width, signed, init, param: parameters } = options;
  const request = { module, symbol, arguments: args, type: { width, signed }, dumps, init, parameters };
  return reporting(module, options.json, terminal, async (console) => {
    const outcome = await callFunction(request, options, console, terminal);
    if (!options.json) terminal.stdout(outcome.output);
    return outcome;
  });
}
