import { readFileSync } from "node:fs";
import { __gva, type gva_t, KernelError } from "lcd-arch-x86";
import { loadModule } from "../load-module";
import { type LoadedModule, MODULE_SPACE_START, type ModuleHost, type ResolvedSymbol } from "../types";

/** A module of `fixtures/module/`; `make.sh` there says how it came to be. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../fixtures/module/${name}`, import.meta.url)));
}

/** X86_FEATURE_ALWAYS of Linux's `cpufeatures.h`. */
const ALWAYS = 3 * 32 + 21;

/** A kernel for the loader that keeps count of what it gives. */
export class TestHost implements ModuleHost {
  readonly perCpuBase = __gva(0x50_0000n);
  readonly lines: string[] = [];
  readonly symbols = new Map<string, ResolvedSymbol>();
  /** Bytes of module space that are in use. */
  inUse = 0;
  #next = MODULE_SPACE_START;

  constructor(readonly memory = 16 << 20) {}

  allocateAddress(size: number): gva_t {
    if (this.inUse + size > this.memory) throw new KernelError("ENOMEM", `no memory for ${size} bytes`);
    const address = __gva(this.#next);
    this.#next += BigInt(size);
    this.inUse += size;
    return address;
  }

  releaseAddress(base: gva_t, size: number): void {
    if (base + BigInt(size) === this.#next) this.#next = base;
    this.inUse -= size;
  }

  resolve(symbol: string): ResolvedSymbol | undefined {
    return this.symbols.get(symbol);
  }

  hasFeature(feature: number): boolean {
    return feature === ALWAYS;
  }

  log(level: string, line: string): void {
    this.lines.push(`${level}: ${line}`);
  }

  /** Gives the kernel's own table a symbol. */
  define(name: string, value: bigint): this {
    this.symbols.set(name, { value: __gva(value), owner: null });
    return this;
  }

  /** Loads an image, and lets later ones use what it exports. */
  load(image: Uint8Array, options = "", name = "unnamed"): LoadedModule {
    const module = loadModule({ image, name, options }, this);
    for (const [symbol, { value, gplOnly, namespace }] of module.exports) {
      this.symbols.set(symbol, { value, owner: module.name, gplOnly, namespace });
    }
    return module;
  }
}

/** Bytes of a loaded module, by address. */
export function bytesAt(module: LoadedModule, address: bigint, length: number): Uint8Array {
  const part = module.parts.find(
    ({ address: start, bytes }) => address >= start && address < start + BigInt(bytes.length),
  );
  if (part === undefined) throw new Error(`${module.name} has nothing at ${address.toString(16)}`);
  const start = Number(address - part.address);
  return part.bytes.slice(start, start + length);
}

/** An integer in a loaded module. */
export function integerAt(module: LoadedModule, address: bigint, length: number, signed = false): bigint {
  const value = bytesAt(module, address, length).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return signed ? BigInt.asIntN(length * 8, value) : value;
}

/** The text that ends with NUL in a loaded module. */
export function textAt(module: LoadedModule, address: bigint): string {
  let text = "";
  for (let at = address; ; at++) {
    const [byte = 0] = bytesAt(module, at, 1);
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
}

/** Where a module has a symbol. */
export function addressOf(module: LoadedModule, name: string): gva_t {
  const symbol = module.symbols.find((candidate) => candidate.name === name);
  if (symbol === undefined) throw new Error(`${module.name} has no symbol ${name}`);
  return symbol.address;
}
