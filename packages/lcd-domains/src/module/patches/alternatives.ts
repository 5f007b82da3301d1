import { invalidFormat } from "../format";
import { fillWithNops } from "./nops";
import type { LoadedSection, Patchable } from "./patchable";

/** Offsets in `struct alt_instr`, and its size in Linux 5.12 to 6.2; later versions have 16 more bits of flags. */
const AltInstr = { instruction: 0n, replacement: 4n, feature: 8n } as const;
const SIZE = 12;
const SIZE_WITH_FLAGS = 14;
/** In the feature number: use the replacement when the feature is absent. */
const INVERTED = 0x8000;

const CALL = 0xe8;
const JUMP = 0xe9;
const SHORT_JUMP = 0xeb;

/**
 * Puts in, for each entry of `.altinstructions`, the replacement that is for a processor like this one.
 *
 * @param entrySpacing bytes between entries, where the relocations tell
 * @throws KernelError ENOEXEC when an entry makes no sense
 * @see Linux, Documentation of ALTERNATIVE in arch/x86/include/asm/alternative.h
 */
export function applyAlternatives(target: Patchable, section: LoadedSection, entrySpacing: number | undefined): void {
  const { module, memory, hasFeature } = target;
  const size = entrySpacing ?? section.size;
  if ((size !== SIZE && size !== SIZE_WITH_FLAGS) || section.size % size !== 0) {
    throw invalidFormat(module, `the entries of .altinstructions have ${size} bytes, a layout that is not known`);
  }
  for (let entry = section.address; entry < section.end; entry += BigInt(size)) {
    const lengths = entry + BigInt(size) - 2n;
    const instructionLength = memory.u8(lengths);
    const replacementLength = memory.u8(lengths + 1n);
    if (replacementLength > instructionLength) {
      throw invalidFormat(module, `an alternative of ${replacementLength} bytes should replace ${instructionLength}`);
    }
    const features = memory.u16(entry + AltInstr.feature);
    const flags = size === SIZE ? features >> 15 : memory.u16(entry + AltInstr.feature + 2n);
    const inverted = (flags & 1) !== 0;
    const feature = size === SIZE ? features & ~INVERTED : features;
    if (hasFeature(feature) === inverted) continue;
    const instruction = memory.relativePointer(entry + AltInstr.instruction);
    const replacement = memory.relativePointer(entry + AltInstr.replacement);
    const code = memory.view(instruction, instructionLength);
    const bytes = memory.view(replacement, replacementLength).slice();
    moveBranch(bytes, replacement - instruction);
    code.set(bytes);
    fillWithNops(code.subarray(replacementLength));
  }
}

/** A branch at the start of a replacement counts from where the replacement stands: it has to reach the same target. */
function moveBranch(bytes: Uint8Array, distance: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [opcode] = bytes;
  if ((opcode === CALL || opcode === JUMP) && bytes.length >= 5) {
    view.setInt32(1, view.getInt32(1, true) + Number(distance), true);
  } else if (opcode === SHORT_JUMP && bytes.length >= 2) {
    view.setInt8(1, view.getInt8(1) + Number(distance));
  }
}
