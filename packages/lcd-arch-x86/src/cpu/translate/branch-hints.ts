/** V8's flag for the custom section that `wasm.ts` writes; engines that have it on, or do not know it, need nothing. */
const FLAG = "--experimental-wasm-branch-hinting";

interface V8 {
  setFlagsFromString(flags: string): void;
}

/** Turns branch hints on where that can be done from inside: in Node. Elsewhere nothing happens. */
export function enableBranchHints(): void {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const v8 = process?.getBuiltinModule?.("node:v8") as V8 | undefined;
  v8?.setFlagsFromString(FLAG);
}
