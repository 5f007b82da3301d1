/**
 * Encodings are written in the notation of the manual's opcode map (SDM 2D, Appendix A): E is the register or memory
 * operand of ModRM, M the same but memory only, R the same but register only, G its reg field, Z a register in the
 * opcode, I an immediate, O a memory offset. W, U and V are E, R and G of an XMM register; Q, N and P of an MMX
 * register; T is an x87 register in the last byte of the opcode, S a segment register in the reg field.
 * b is a byte, w 16 bits, d 32, q 64; v is 16, 32 or 64; y is 32 or 64; z is an immediate of 16 or 32; s is a stack
 * operand: of the code's size, or 16 (in 16-bit code 32) with an operand-size prefix. B is a general-purpose register in
 * VEX.vvvv; `vex`, `vex66`, `vexf2` and `vexf3` before the opcode are VEX with its implied prefix. Operands in lower case are fixed
 * and take no bytes. `lock`: may be locked when the destination is in memory. `rep`: may be repeated. `last`: nothing
 * follows, because the result is only compared to within a bound.
 */
const letters = {
  E: ["E", true],
  M: ["M", false],
  R: ["R", true],
  G: ["G", true],
  B: ["B", true],
  Z: ["Z", true],
  I: ["I", false],
  O: ["O", false],
  W: ["E", false],
  U: ["R", false],
  V: ["G", false],
  Q: ["E", false],
  N: ["R", false],
  P: ["G", false],
  S: ["G", false],
  T: ["Z", false],
} as const;

type Letter = keyof typeof letters;

export type OperandKind = (typeof letters)[Letter][0];

export interface Operand {
  readonly kind: OperandKind;
  /** The register that it may be is a general-purpose register. */
  readonly general: boolean;
  /** Its size letter. */
  readonly size: string;
}

/** One encoding. */
export interface Form {
  readonly name: string;
  /** 0x66, 0xf2 or 0xf3 when the encoding asks for it, as a prefix of its own or in VEX. */
  readonly prefix: number | null;
  /** It is encoded with VEX. */
  readonly vex: boolean;
  readonly opcode: readonly number[];
  /** The opcode extension in ModRM.reg, when there is one. */
  readonly digit: number | null;
  /** Fixed bytes that follow the opcode. */
  readonly tail: readonly number[];
  readonly operands: readonly Operand[];
  /** b, v, y, s, or "" when the operand size plays no part. */
  readonly size: string;
  readonly lock: boolean;
  readonly rep: boolean;
  readonly last: boolean;
  /** The line of the table that it comes from: a name for messages. */
  readonly text: string;
}

function bytesOf(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function parseOperand(text: string): Operand {
  const [kind, general] = letters[text[0] as Letter];
  return { kind, general, size: text.slice(1) };
}

/** Those that decide which operand sizes a form has, the strongest first. */
const sizeLetters = ["s", "v", "z", "y", "b"];

function parseForm(line: string): Form {
  const [name, encoding, operandText, ...marks] = line.trim().split(/\s+/);
  const [, before = "", opcodeText, digit] = /^(?:(.*):)?([^/]*)(?:\/(.))?$/.exec(encoding) ?? [];
  const prefix = before.replace("vex", "");
  const names = operandText.split(",");
  const operands = names.filter((text) => text[0] in letters).map(parseOperand);
  const sizes = [...operands.map((operand) => operand.size), ...names];
  return {
    name,
    prefix: prefix === "" ? null : Number.parseInt(prefix, 16),
    vex: before.startsWith("vex"),
    opcode: bytesOf(opcodeText),
    digit: digit === undefined ? null : Number(digit),
    tail: names[0] === "none" && names[1] ? bytesOf(names[1]) : [],
    operands,
    size: sizeLetters.find((size) => sizes.includes(size))?.replace("z", "v") ?? "",
    lock: marks.includes("lock"),
    rep: marks.includes("rep"),
    last: marks.includes("last"),
    text: line.trim().replace(/\s+/g, " "),
  };
}

/** Forms from a table with one in each line. */
export function parseForms(table: string): Form[] {
  return table.trim().split("\n").map(parseForm);
}
