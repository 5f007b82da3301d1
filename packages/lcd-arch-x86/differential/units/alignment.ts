import type { Draft } from "../draft";
import { emit } from "../encode";
import type { Form } from "../forms/index";
import { integerForms } from "../forms/integer";
import { ALL_FLAGS } from "../undefined";
import type { Unit } from "./unit";

const ALIGNMENT_CHECK = 0x4_0000;
const FIXED = 0x202;
const POPF = 0x9d;
const OPERAND_SIZE = 0x66;

const pushImmediates = integerForms.filter(({ text }) => text === "push 68 Iz,s");

/** `push flags; popf`, of 32 bits in 16-bit code: Linux lets user mode have its accesses checked (CR0.AM). */
function checkAlignment(draft: Draft): void {
  const { random, code, bytes } = draft;
  const immediate = (random.u32() & ALL_FLAGS) | ALIGNMENT_CHECK | FIXED;
  emit(draft, random.pick(pushImmediates), { bits: code === 16 ? 32 : code, immediate });
  bytes.push(...(code === 16 ? [OPERAND_SIZE] : []), POPF);
}

/** Instructions with EFLAGS.AC set, or one of these units. */
export function withAlignmentCheck(forms: readonly Form[], units: readonly Unit[]): Unit {
  const others = units.filter(({ last = false }) => !last);
  const single = forms.filter(({ last }) => !last);
  return {
    name: "alignment check",
    write(draft) {
      const { random } = draft;
      checkAlignment(draft);
      if (others.length > 0 && random.chance(40)) {
        random.pick(others).write(draft);
        return;
      }
      for (let rest = 1 + random.below(3); rest > 0; rest--) {
        emit(draft, random.pick(single));
      }
    },
  };
}
