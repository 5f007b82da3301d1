import { fillWithNops } from "./nops";
import type { LoadedSection, Patchable } from "./patchable";

const CALL = 0xe8;
const JUMP = 0xe9;
const RETURN = 0xc3;
const BREAKPOINT = 0xcc;
const CS_PREFIX = 0x2e;
/** Bytes of a call or jump with a 32-bit displacement. */
const NEAR_BRANCH = 5;

/** What the compiler and objtool leave for the loader to rewrite: tables of code addresses. */
export const CALL_SITE_SECTIONS: ReadonlyMap<string, (target: Patchable, section: LoadedSection) => void> = new Map([
  ["__mcount_loc", dropFunctionEntryCalls],
  [".return_sites", returnDirectly],
  [".retpoline_sites", branchDirectly],
]);

/** `call __fentry__`, for the function tracer, which is not there: a no-operation. */
function dropFunctionEntryCalls({ memory, names }: Patchable, section: LoadedSection): void {
  for (let entry = section.address; entry + 8n <= section.end; entry += 8n) {
    const site = memory.u64(entry);
    const code = memory.view(site, NEAR_BRANCH);
    if (code[0] === CALL && names.get(site + 1n) === "__fentry__") fillWithNops(code);
  }
}

/** `jmp __x86_return_thunk`, for processors that mispredict returns: `ret` is right on this one. */
function returnDirectly({ memory, names }: Patchable, section: LoadedSection): void {
  for (const site of relativeSites(memory, section)) {
    const code = memory.view(site, NEAR_BRANCH);
    if (code[0] !== JUMP || names.get(site + 1n) !== "__x86_return_thunk") continue;
    code.fill(BREAKPOINT);
    code[0] = RETURN;
  }
}

/** `call` or `jmp __x86_indirect_thunk_<register>`, for processors that mispredict these: the plain indirect branch. */
function branchDirectly({ memory, names }: Patchable, section: LoadedSection): void {
  for (const start of relativeSites(memory, section)) {
    const prefix = memory.u8(start) === CS_PREFIX ? 1n : 0n;
    const site = start + prefix;
    const opcode = memory.u8(site);
    const register = THUNK_REGISTERS.get(names.get(site + 1n) ?? "");
    if (register === undefined || (opcode !== CALL && opcode !== JUMP)) continue;
    const code = memory.view(start, NEAR_BRANCH + Number(prefix));
    const branch = indirectBranch(opcode, register);
    code.set(branch);
    const rest = code.subarray(branch.length);
    if (opcode === CALL) fillWithNops(rest);
    else rest.fill(BREAKPOINT);
  }
}

/** Registers in the order of their numbers in instructions. */
const REGISTERS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
const THUNK_REGISTERS = new Map(REGISTERS.map((name, number) => [`__x86_indirect_thunk_${name}`, number]));

/** `call *%reg` is ff /2, `jmp *%reg` ff /4; r8 and up need REX.B. */
function indirectBranch(opcode: number, register: number): number[] {
  const modrm = (opcode === CALL ? 0xd0 : 0xe0) | (register & 7);
  return register < 8 ? [0xff, modrm] : [0x41, 0xff, modrm];
}

function* relativeSites(memory: Patchable["memory"], section: LoadedSection): Generator<bigint> {
  for (let entry = section.address; entry + 4n <= section.end; entry += 4n) yield memory.relativePointer(entry);
}
