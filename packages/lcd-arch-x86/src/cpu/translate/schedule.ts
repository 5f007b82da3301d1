import {
  type PlainArithmetic,
  REGISTER_COUNT,
  SCALAR_REGISTERS,
  type Statement,
  type Terminator,
  type Value,
} from "../ir";

/**
 * Decides what of a block is emitted, and where: drops values that nobody reads and register writes that nobody sees,
 * and lets a value be evaluated where it is used when nothing it reads changes in between.
 *
 * Works backwards over the statements. What it decides stands in the values (`uses`, `lastUse`, `local`) and in
 * `dead` of the `set` statements; a value with `local` = `NEEDS_LOCAL` is computed where it is defined and kept.
 */
export function schedule(statements: readonly Statement[], terminator: Terminator): void {
  number(statements, 0);
  if (terminator.kind === "branch") {
    use(terminator.condition, END);
  } else if (terminator.kind === "indirect") {
    use(terminator.target, END);
  }
  const nextSet = new Array<number>(REGISTER_COUNT).fill(NEVER);
  const live = new Array<boolean>(REGISTER_COUNT).fill(true);
  backwards(statements, nextSet, live);
}

/** Position of the terminator, and one behind everything. */
const END = Number.MAX_SAFE_INTEGER - 1;
const NEVER = Number.MAX_SAFE_INTEGER;

/** Marks a value that is to be kept in a WebAssembly local. */
export const NEEDS_LOCAL = -2;

/** Marks a value that is evaluated where it is used. */
export const IN_PLACE = -1;

/** Numbers statements in the order in which they run. */
function number(statements: readonly Statement[], from: number): number {
  let position = from;
  for (const statement of statements) {
    statement.position = position++;
    if (statement.kind === "repeat") {
      position = number(statement.body, position);
    }
  }
  return position;
}

/** Numbers that translated code looks at; how they are rounded it knows by itself. */
const lookedAt = (plain: PlainArithmetic | null): readonly Value[] =>
  plain === null ? [] : [...plain.operands, plain.result];

function use(value: Value, position: number): void {
  value.uses++;
  if (position > value.lastUse) {
    value.lastUse = position;
  }
}

function backwards(statements: readonly Statement[], nextSet: number[], live: boolean[]): void {
  for (let index = statements.length - 1; index >= 0; index--) {
    const statement = statements[index];
    const { position } = statement;
    switch (statement.kind) {
      case "set":
        statement.dead = !live[statement.register];
        if (!statement.dead) {
          use(statement.value, position);
          live[statement.register] = false;
          nextSet[statement.register] = position;
        }
        break;
      case "define":
        place(statement.value, position, nextSet, live);
        break;
      case "load":
        statement.value.local = NEEDS_LOCAL;
        use(statement.value.operands[0], position);
        live.fill(true);
        break;
      case "store":
        use(statement.address, position);
        use(statement.value, position);
        live.fill(true);
        break;
      case "raiseIf":
        use(statement.condition, position);
        live.fill(true);
        break;
      case "callout":
        live.fill(true);
        break;
      case "guarded":
        statement.value.local = NEEDS_LOCAL;
        for (const value of [
          statement.condition,
          statement.fast,
          ...statement.operands,
          ...lookedAt(statement.plain),
        ]) {
          use(value, position);
        }
        live.fill(true);
        break;
      case "exitIf":
        use(statement.condition, position);
        live.fill(true);
        break;
      case "setField":
        use(statement.value, position);
        break;
      case "repeat":
        live.fill(true);
        nextSet.fill(NEVER);
        backwards(statement.body, nextSet, live);
        live.fill(true);
        nextSet.fill(position);
        break;
    }
  }
}

/** Decides where a value is computed, now that all its uses are known, and passes its own reads on. */
function place(value: Value, position: number, nextSet: readonly number[], live: boolean[]): void {
  if (value.uses === 0) {
    return;
  }
  const shareable = value.kind === "register";
  const inPlace =
    (value.uses === 1 || shareable) &&
    value.kind !== "field" &&
    unchanged(value.reads, value.lastUse, nextSet, 0) &&
    unchanged(value.readsVector, value.lastUse, nextSet, SCALAR_REGISTERS);
  value.local = inPlace ? IN_PLACE : NEEDS_LOCAL;
  const at = inPlace ? value.lastUse : position;
  for (const operand of value.operands) {
    use(operand, at);
  }
  if (value.kind === "register") {
    live[value.immediate as number] = true;
  }
}

/** Whether none of the registers in the set, whose bit 0 is register `first`, is written before `position`. */
function unchanged(registers: number, position: number, nextSet: readonly number[], first: number): boolean {
  for (let set = registers; set !== 0; set &= set - 1) {
    if (nextSet[first + 31 - Math.clz32(set & -set)] < position) {
      return false;
    }
  }
  return true;
}

/** Virtual registers that are read and written: one entry for each register, not 0 when it is. */
export interface RegisterUse {
  read: Uint8Array;
  written: Uint8Array;
}

export const noRegisters = (): RegisterUse => ({
  read: new Uint8Array(REGISTER_COUNT),
  written: new Uint8Array(REGISTER_COUNT),
});

/** Adds the virtual registers that statements read and write; a register written but not dead counts. */
export function registerUse(statements: readonly Statement[], into: RegisterUse): void {
  for (const statement of statements) {
    if (statement.kind === "set" && !statement.dead) {
      into.written[statement.register] = 1;
    } else if (statement.kind === "define" && statement.value.kind === "register" && statement.value.uses > 0) {
      into.read[statement.value.immediate as number] = 1;
    } else if (statement.kind === "repeat") {
      registerUse(statement.body, into);
    }
  }
}
