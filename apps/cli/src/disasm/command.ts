import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { ElfError } from "elf-image";
import { DecompressError, decompressModule, isModuleFile, ModuleTree } from "module-init-tools";
import { defineCommand, runCommand } from "../command/define";
import { parseName } from "../command/name";
import { CommandError } from "../errors";
import { ExitCode } from "../exit-code";
import { findModule } from "../module-files/find-module";
import { HOST_TREE } from "../module-files/module-source";
import { readBytes } from "../read-bytes";
import { didYouMean } from "../suggest";
import type { Terminal } from "../terminal";
import { type Syntax, syntaxes } from "./instructions";
import { type LinkedImage, linkForReading } from "./linked-image";
import { type ListingOptions, listing, type Range } from "./listing";

const EXAMPLES = `
Examples:
  lcd disasm hello.ko                    all code of a file (a name shows an example of LCD)
  lcd disasm crc16.ko crc16              one function
  lcd disasm crc16.ko crc16 --ir         beside each instruction, what it means to LCD
  lcd disasm crc16.ko crc16 --wasm       and the WebAssembly that it becomes

Addresses are offsets in the section. References to symbols, also to those of other modules, are shown by name.`;

/** `lcd disasm`. */
export async function disasm(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("disasm", terminal)
    .description("Shows a module's machine code, and what LCD translates it to.")
    .argument("<file>", "a .ko file, or any x86-64 object file; or the name of an example", parseName)
    .argument("[symbol]", "one function")
    .option("--ir", "show each instruction's intermediate representation", false)
    .option("--wasm", "show the WebAssembly that each region of code becomes", false)
    .option("--syntax <name>", `${Object.keys(syntaxes).join(", ")} (default: intel)`, parseSyntax, "intel")
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (file: string, symbol: string | undefined, options: ListingOptions) =>
    show(file, symbol, options, terminal),
  );
}

function isSyntax(text: string): text is Syntax {
  return Object.hasOwn(syntaxes, text);
}

function parseSyntax(text: string): Syntax {
  if (!isSyntax(text)) throw new InvalidArgumentError(`It must be one of ${Object.keys(syntaxes).join(", ")}.`);
  return text;
}

async function show(
  file: string,
  symbol: string | undefined,
  options: ListingOptions,
  terminal: Terminal,
): Promise<number> {
  const image = await readImage(file, terminal.cwd);
  const ranges = symbol === undefined ? everything(image) : [functionRange(image, file, symbol)];
  if (ranges.length === 0) throw new CommandError(`${file} has no code`);
  for (const range of ranges) {
    terminal.stdout(`${file}: section ${range.section.name}\n`);
    terminal.stdout(`${listing(image, range, options).join("\n")}\n`);
  }
  return ExitCode.ok;
}

async function readImage(file: string, cwd: string): Promise<LinkedImage> {
  const bytes = await readModuleBytes(file, cwd);
  try {
    return linkForReading(await decompressModule(bytes));
  } catch (error) {
    if (error instanceof ElfError) throw new CommandError(`${file}: ${error.message}`, undefined, error.code);
    if (error instanceof DecompressError) throw new CommandError(`${file}: ${error.message}`);
    throw error;
  }
}

async function readModuleBytes(file: string, cwd: string): Promise<Uint8Array> {
  if (file.includes("/") || file.includes(".")) {
    const path = resolve(cwd, file);
    if (file.includes("/") || !isModuleFile(file) || existsSync(path)) return readBytes(path);
  }
  const source = await findModule(file, [], cwd);
  const module = await new ModuleTree(source.files, HOST_TREE).module(source.name);
  if (module === undefined) throw new CommandError(`there is no module ${file}`, undefined, "ENOENT");
  return source.files.readFile(module.path);
}

function everything(image: LinkedImage): Range[] {
  return image.sections
    .filter(({ bytes }) => bytes.length > 0)
    .map((section) => ({ section, from: section.address, to: section.address + BigInt(section.bytes.length) }));
}

function functionRange(image: LinkedImage, file: string, name: string): Range {
  for (const section of image.sections) {
    const symbol = section.symbols.find((candidate) => candidate.name === name);
    if (symbol === undefined) continue;
    const end = section.address + BigInt(section.bytes.length);
    const to = symbol.address + symbol.size;
    return { section, from: symbol.address, to: to < end ? to : end };
  }
  const known = image.sections.flatMap(({ symbols }) => symbols.map((symbol) => symbol.name));
  const some = known.length <= 12 && known.length > 0 ? `; it has ${known.join(", ")}` : "";
  throw new CommandError(`${file} has no code named ${name}${didYouMean(name, known) || some}`, undefined, "ENOENT");
}
