/** The parameter types of `moduleparam.h`, by the names of their operations (`param_ops_int` ...). */
export type ParameterType =
  | { readonly kind: "integer"; readonly bytes: 1 | 2 | 4 | 8; readonly signed: boolean }
  | { readonly kind: "bool"; readonly form: "bool" | "inverted" | "enable-only" | "int" }
  | { readonly kind: "charp" }
  | { readonly kind: "string" }
  | { readonly kind: "array" };

const integer = (bytes: 1 | 2 | 4 | 8, signed: boolean): ParameterType => ({ kind: "integer", bytes, signed });

const TYPES: ReadonlyMap<string, ParameterType> = new Map([
  ["param_ops_byte", integer(1, false)],
  ["param_ops_short", integer(2, true)],
  ["param_ops_ushort", integer(2, false)],
  ["param_ops_int", integer(4, true)],
  ["param_ops_uint", integer(4, false)],
  ["param_ops_hexint", integer(4, false)],
  ["param_ops_long", integer(8, true)],
  ["param_ops_ulong", integer(8, false)],
  ["param_ops_ullong", integer(8, false)],
  ["param_ops_bool", { kind: "bool", form: "bool" }],
  ["param_ops_invbool", { kind: "bool", form: "inverted" }],
  ["param_ops_bool_enable_only", { kind: "bool", form: "enable-only" }],
  ["param_ops_bint", { kind: "bool", form: "int" }],
  ["param_ops_charp", { kind: "charp" }],
  ["param_ops_string", { kind: "string" }],
  ["param_array_ops", { kind: "array" }],
]);

/** The type whose operations have this name. */
export function parameterType(operations: string): ParameterType | undefined {
  return TYPES.get(operations);
}

/** Whether a symbol is the operations of a type that the loader sets itself. */
export function isParameterOps(symbol: string): boolean {
  return TYPES.has(symbol);
}

/** The name of a type as modinfo has it: `int`, `charp`. */
export function typeName(operations: string): string {
  return operations.replace(/^param_ops_/, "");
}
