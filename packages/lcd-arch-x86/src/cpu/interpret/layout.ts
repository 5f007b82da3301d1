import { JUMP_AREA } from "../jump-caches";
import { STATE_SIZE } from "../state";
import { TLB_AREA } from "../tlb";

/**
 * Where a processor has what the interpreter runs, as distances from its state: the bytecode of one block, and behind
 * it the block's values, constants from the start upwards and computed values from the end downwards.
 */
const AREA_START = STATE_SIZE + TLB_AREA + JUMP_AREA;
const CODE_BYTES = 32_768;
const VALUE_BYTES = 32_768;

export const CODE_START = AREA_START;
export const CODE_WORDS = CODE_BYTES / 4;
export const VALUES_START = AREA_START + CODE_BYTES;
export const VALUES_END = VALUES_START + VALUE_BYTES;

/** Linear memory that the interpreter needs of each processor. */
export const INTERPRETER_AREA = CODE_BYTES + VALUE_BYTES;
