import { analyze } from "./analyze";
import { RegisterClass, type TestCase } from "./case";
import type { Draft } from "./draft";
import { emit } from "./encode";
import { type Form, formsOf } from "./forms/index";
import { writeGraph } from "./graph";
import { hasFx, type KindName, kinds } from "./kinds";
import { Layout } from "./layout";
import { Random } from "./random";
import { BASED, CHOICE_BITS, codeSegmentBase, FIRST_CHOICE, pointerBase } from "./start-segments";
import { simple, type Unit, unitsOf } from "./units/index";

/** Instruction sequences with random operands. The same seed gives the same cases. */
export class Generator {
  private readonly random: Random;
  private readonly forms: readonly Form[];
  private readonly units: readonly Unit[];

  constructor(
    seed: number,
    private readonly kind: KindName,
  ) {
    this.random = new Random(seed);
    this.forms = formsOf(kind);
    this.units = unitsOf(kind);
  }

  /** A new sequence of one to eight parts, most of them one instruction, or blocks that jump to each other. */
  next(): TestCase {
    if (kinds[this.kind].set === "integer" && this.random.chance(15)) {
      return this.draft(writeGraph);
    }
    const parts = 1 + Math.floor(this.random.below(64) / 8);
    return this.draft((draft) => {
      let last = false;
      for (let i = 0; i < parts && !last; i++) {
        last = this.part(draft);
      }
    });
  }

  /** A case of this form alone. */
  ofForm(form: Form): TestCase {
    return this.draft((draft) => emit(draft, form));
  }

  /** A case of one of the prepared sequences. */
  ofUnit(number: number): TestCase {
    return this.draft((draft) => this.units[number].write(draft));
  }

  /** The same code as `test`, with other values in registers and memory. */
  again(test: TestCase): TestCase {
    return { ...test, seed: this.random.u32() };
  }

  /** Returns whether nothing may follow. */
  private part(draft: Draft): boolean {
    const { random, forms, units } = this;
    const choice = random.below(100);
    if (choice < unitShare[kinds[this.kind].set] && units.length > 0) {
      const unit = random.pick(units);
      unit.write(draft);
      return unit.last ?? false;
    }
    const form = random.pick(choice < 90 || kinds[this.kind].set === "integer" ? forms : simple);
    emit(draft, form);
    return form.last;
  }

  /** Writes drafts until one is defined by the manual. */
  private draft(write: (draft: Draft) => void): TestCase {
    const { random } = this;
    for (;;) {
      // One case of eight crosses from one code page to the next.
      const start = random.chance(12) ? 0x1000 - 1 - random.below(24) : 0x400 + random.below(16);
      const beginning = { kind: this.kind, classes: this.classes() };
      const { classes } = beginning;
      const draft: Draft = {
        random,
        bytes: [],
        code: kinds[this.kind].bits,
        base: Layout.codeBase + start - codeSegmentBase(beginning),
        codeSegment: codeSegmentBase(beginning),
        window: Layout.windowBase - pointerBase(beginning),
        alignment: hasFx(this.kind) ? 16 : 1,
        pointers: this.registersOf(classes, RegisterClass.pointer),
        smalls: this.registersOf(classes, RegisterClass.small) | this.registersOf(classes, RegisterClass.count),
        written: 0,
      };
      write(draft);
      const code = Uint8Array.from(draft.bytes);
      const test = { kind: this.kind, code, start, classes, seed: random.u32() };
      if (code.length <= MAX_BYTES && analyze(test)) {
        return test;
      }
    }
  }

  /** A class for each register; the stack pointer points to the window, the string pointers mostly. */
  private classes(): number {
    const { registers } = this;
    let classes = registers === 16 ? 0 : this.segmentChoices();
    for (let i = 0; i < registers; i++) {
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

  private get registers(): 8 | 16 {
    return kinds[this.kind].bits === 64 ? 16 : 8;
  }

  /** Registers of a class, one bit each. */
  private registersOf(classes: number, kind: number): number {
    let mask = 0;
    for (let i = 0; i < this.registers; i++) {
      if (((classes >>> (i * 2)) & 3) === kind) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  /** The upper half of `classes` for `startSegments`: mostly segments that pointers work with. */
  private segmentChoices(): number {
    const { random } = this;
    let choices = random.chance(50) ? BASED : 0;
    for (let at = FIRST_CHOICE; at < 32; at += CHOICE_BITS) {
      choices |= (random.chance(80) ? 0 : random.below(1 << CHOICE_BITS)) << at;
    }
    return choices;
  }
}

/** How many parts of a hundred are prepared sequences. */
const unitShare = { integer: 28, system: 0, sse: 8, x87: 12 } as const;

/** Longest case. */
const MAX_BYTES = 500;

const { value, pointer, small, count } = RegisterClass;
const classPool = [value, value, value, value, pointer, pointer, pointer, pointer, small, small, count];
