import { type ErrnoName, KernelError } from "lcd-arch-x86";
import type { ModuleMemory } from "../module-memory";
import type { RelocatedNames } from "../relocate";
import type { ModuleHost } from "../types";
import { type Declaration, KparamArray, KparamString } from "./declarations";
import type { Option } from "./options";
import { type ParameterType, parameterType } from "./types";
import { parseBoolean, parseInteger, type Refusal } from "./values";

/** Linux's limit for a `charp`, in bytes. */
const LONGEST_STRING = 1024;
/** Parameters that a message lists: few modules have more than 20, hostile ones tens of thousands. */
const MOST_NAMED = 50;
/** What the kernel itself takes before the module sees its options. */
const KERNEL_OPTION = /^(dyndbg|async_probe)$/;

/** What setting parameters needs to know and may change. */
export interface ParameterTarget {
  readonly module: string;
  readonly declarations: readonly Declaration[];
  readonly memory: ModuleMemory;
  readonly names: RelocatedNames;
  /** Free memory of the module, for strings; it has room for all values of the options. */
  readonly strings: { readonly address: bigint; readonly size: number };
  readonly log: ModuleHost["log"];
}

/**
 * Sets parameters in the module's memory.
 *
 * @throws KernelError ENOENT for a name that is no parameter; EINVAL, ERANGE or ENOSPC for a value that is none of its
 *   type; each logged in the loader's words
 */
export function setParameters(target: ParameterTarget, options: readonly Option[]): void {
  const { module, declarations, memory, names, log } = target;
  const byName = new Map<string, Declaration>();
  for (const declaration of declarations) {
    const name = normalizeName(declaration.name);
    if (!byName.has(name)) byName.set(name, declaration);
  }
  let stringEnd = target.strings.address;
  for (const { name, value } of options) {
    if (KERNEL_OPTION.test(name)) continue;
    const declaration = byName.get(normalizeName(name));
    if (declaration === undefined) throw unknown(name);
    const { operations, argument } = declaration;
    const type = operations === null ? undefined : parameterType(operations);
    if (type === undefined)
      throw refuse("EINVAL", `parameter '${name}' is set by code of the module, which does not run here`);
    set(type, argument, name, value);
  }

  function set(type: ParameterType, at: bigint, name: string, value: string | null): void {
    if (type.kind === "bool") setBoolean(type.form, at, name, value);
    else if (value === null) throw invalid("EINVAL", name, value);
    else if (type.kind === "integer") setInteger(type, at, name, value);
    else if (type.kind === "charp") store(at, storeString(name, value), 8);
    else if (type.kind === "string") setString(at, name, value);
    else setArray(at, name, value);
  }

  function setInteger(
    type: Extract<ParameterType, { kind: "integer" }>,
    at: bigint,
    name: string,
    value: string,
  ): void {
    const number = parseInteger(value, type.bytes, type.signed);
    if (typeof number === "string") throw invalid(codeOf(number), name, value);
    store(at, number, type.bytes);
  }

  function setBoolean(form: string, at: bigint, name: string, value: string | null): void {
    if (value === null && form === "inverted") throw invalid("EINVAL", name, value);
    const truth = parseBoolean(value);
    if (typeof truth === "string") throw invalid(codeOf(truth), name, value);
    if (form === "enable-only" && !truth && memory.u8(at) !== 0) throw invalid("EINVAL", name, value);
    const stored = form === "inverted" ? !truth : truth;
    store(at, stored ? 1n : 0n, form === "int" ? 4 : 1);
  }

  function setString(description: bigint, name: string, value: string): void {
    const bytes = new TextEncoder().encode(value);
    const room = memory.u32(description + KparamString.length);
    if (bytes.length + 1 > room) throw refuse("ENOSPC", `${name}: string doesn't fit in ${room - 1} chars.`);
    memory.writableView(memory.u64(description + KparamString.text), bytes.length + 1).set([...bytes, 0]);
  }

  function setArray(description: bigint, name: string, value: string): void {
    const max = memory.u32(description + KparamArray.max);
    const elementSize = BigInt(memory.u32(description + KparamArray.elementSize));
    const elements = memory.u64(description + KparamArray.elements);
    const count = memory.u64(description + KparamArray.count);
    const type = parameterType(names.get(description + KparamArray.operations) ?? "");
    if (type === undefined || type.kind === "array")
      throw refuse("EINVAL", `the elements of '${name}' have no known type`);
    const values = value.split(",");
    if (values.length > max) throw refuse("EINVAL", `${name}: can only take ${max} arguments`);
    values.forEach((item, i) => {
      set(type, elements + BigInt(i) * elementSize, name, item);
    });
    if (count !== 0n) store(count, BigInt(values.length), 4);
  }

  function storeString(name: string, value: string): bigint {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > LONGEST_STRING) throw refuse("ENOSPC", `${name}: string parameter too long`);
    const address = stringEnd;
    memory.writableView(address, bytes.length + 1).set([...bytes, 0]);
    stringEnd += BigInt(bytes.length + 1);
    return address;
  }

  function store(at: bigint, value: bigint, bytes: number): void {
    const place = memory.writableView(at, bytes);
    let rest = BigInt.asUintN(64, value);
    for (let i = 0; i < bytes; i++) {
      place[i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }

  function unknown(name: string): KernelError {
    const known = declarations.slice(0, MOST_NAMED).map((declaration) => `${declaration.name} (${declaration.type})`);
    if (declarations.length > MOST_NAMED) known.push("...");
    const others = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
    return refuse("ENOENT", `unknown parameter '${name}'; ${others}`);
  }

  function invalid(code: ErrnoName, name: string, value: string | null): KernelError {
    return refuse(code, `\`${value ?? ""}' invalid for parameter \`${name}'`);
  }

  function refuse(code: ErrnoName, words: string): KernelError {
    log("err", `${module}: ${words}`);
    return new KernelError(code, `${module}: ${words}`);
  }
}

/** Bytes of module memory that the strings among these values can take. */
export function stringRoom(options: readonly Option[]): number {
  return options.reduce((sum, { value }) => sum + (value === null ? 0 : new TextEncoder().encode(value).length + 1), 0);
}

function codeOf(refusal: Refusal): ErrnoName {
  return refusal === "invalid" ? "EINVAL" : "ERANGE";
}

/** Dashes and underscores are the same in a parameter's name. */
function normalizeName(name: string): string {
  return name.replaceAll("-", "_");
}
