import { analyze } from "./analyze";
import { RegisterClass, type TestCase } from "./case";
import { type Draft, emit } from "./encode";
import { type Form, forms } from "./forms";
import { writeGraph } from "./graph";
import { Layout } from "./layout";
import { Random } from "./random";
import { units } from "./units";

/** Instruction sequences with random operands. The same seed gives the same cases. */
export class Generator {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** A new sequence of one to eight parts, most of them one instruction, or blocks that jump to each other. */
  next(): TestCase {
    if (this.random.chance(15)) {
      return this.draft(writeGraph);
    }
    const parts = 1 + Math.floor(this.random.below(64) / 8);
    return this.draft((draft) => {
      for (let i = 0; i < parts; i++) {
        this.part(draft);
      }
    });
  }

  /** A case of this form alone, or with a few others around it. */
  ofForm(form: Form, extra: number): TestCase {
    return this.draft((draft) => {
      emit(draft, form);
      for (let i = 0; i < extra; i++) {
        this.part(draft);
      }
    });
  }

  /** A case of one of the prepared sequences. */
  ofUnit(number: number): TestCase {
    return this.draft((draft) => units[number].write(draft));
  }

  /** The same code as `test`, with other values in registers and memory. */
  again(test: TestCase): TestCase {
    return { ...test, seed: this.random.u32() };
  }

  private part(draft: Draft): void {
    if (this.random.chance(72)) {
      emit(draft, this.random.pick(forms));
    } else {
      this.random.pick(units).write(draft);
    }
  }

  /** Writes drafts until one is defined by the manual. */
  private draft(write: (draft: Draft) => void): TestCase {
    const { random } = this;
    for (;;) {
      // One case of eight crosses from one code page to the next.
      const start = random.chance(12) ? 0x1000 - 1 - random.below(24) : 0x400 + random.below(16);
      const classes = this.classes();
      const draft: Draft = {
        random,
        bytes: [],
        base: Layout.codeBase + start,
        pointers: registersOf(classes, RegisterClass.pointer),
        smalls: registersOf(classes, RegisterClass.small) | registersOf(classes, RegisterClass.count),
        written: 0,
      };
      write(draft);
      const code = Uint8Array.from(draft.bytes);
      if (code.length <= MAX_BYTES && analyze(code, draft.base)) {
        return { code, start, classes, seed: random.u32() };
      }
    }
  }

  /** A class for each register; the stack pointer points to the window, the string pointers mostly. */
  private classes(): number {
    let classes = 0;
    for (let i = 0; i < 16; i++) {
      let kind: number;
      if (i === 4 || ((i === 6 || i === 7) && this.random.chance(75))) {
        kind = RegisterClass.pointer;
      } else if (i === 1 && this.random.chance(40)) {
        kind = RegisterClass.count;
      } else {
        kind = this.random.pick(classPool);
      }
      classes |= kind << (i * 2);
    }
    return classes >>> 0;
  }
}

/** Longest case. */
const MAX_BYTES = 500;

const { value, pointer, small, count } = RegisterClass;
const classPool = [value, value, value, value, pointer, pointer, pointer, pointer, small, small, count];

function registersOf(classes: number, kind: number): number {
  let mask = 0;
  for (let i = 0; i < 16; i++) {
    if (((classes >>> (i * 2)) & 3) === kind) {
      mask |= 1 << i;
    }
  }
  return mask;
}
