import { type Draft, nearBits, pushNear } from "./draft";
import { emit } from "./encode";
import { integerForms } from "./forms/integer";
import { flagWriters, simple } from "./units/index";

/** R15, or EDI: holds how many blocks may still run; nothing else writes it. */
const fuelOf = ({ code }: Draft): number => (code === 64 ? 15 : 7);

const MAX_BLOCKS = 24;

/** A jump whose target is not written yet: where its displacement lies, and the block it goes to. */
interface Fixup {
  readonly at: number;
  readonly block: number;
}

/**
 * Appends blocks that jump to each other in any direction, also into the middle of what others loop over. Each counts
 * down first, and leaves when the count is used up.
 */
export function writeGraph(draft: Draft): void {
  const { random } = draft;
  const count = 2 + random.below(6);
  const starts: number[] = [];
  const fixups: Fixup[] = [];
  const jump = (opcode: readonly number[], block: number): void => {
    draft.bytes.push(...opcode);
    fixups.push({ at: draft.bytes.length, block });
    pushNear(draft, 0);
  };
  const fuel = fuelOf(draft);
  const rex = fuel & 8 ? [0x41] : [];
  // mov r15d, n
  draft.bytes.push(...rex, 0xb8 | (fuel & 7));
  pushNear(draft, 1 + random.below(MAX_BLOCKS));
  draft.pointers &= ~(1 << fuel);
  draft.smalls &= ~(1 << fuel);
  for (let block = 0; block < count; block++) {
    starts.push(draft.bytes.length);
    // sub r15d, 1; jb end
    draft.bytes.push(...rex, 0x83, 0xe8 | (fuel & 7), 0x01);
    jump([0x0f, 0x82], count);
    body(draft);
    const choice = random.below(10);
    if (choice < 6) {
      withoutFuel(draft, () => emit(draft, random.pick(flagWriters)));
      jump([0x0f, 0x80 | random.below(16)], random.below(count));
    } else if (choice < 8) {
      jump([0xe9], random.below(count));
    }
  }
  starts.push(draft.bytes.length);
  for (const { at, block } of fixups) {
    const size = nearBits(draft) / 8;
    const displacement = starts[block] - at - size;
    for (let i = 0; i < size; i++) {
      draft.bytes[at + i] = (displacement >> (8 * i)) & 0xff;
    }
  }
}

function body(draft: Draft): void {
  const { random } = draft;
  for (let length = random.below(4); length > 0; length--) {
    withoutFuel(draft, () => emit(draft, random.pick(random.chance(70) ? simple : integerForms)));
  }
}

/** Writes something that leaves the fuel alone. */
function withoutFuel(draft: Draft, write: () => void): void {
  const start = draft.bytes.length;
  do {
    draft.bytes.length = start;
    draft.written = 0;
    write();
  } while (draft.written & (1 << fuelOf(draft)));
}
