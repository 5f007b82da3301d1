import { parseForms } from "./form";

/** Suffixes and mandatory prefixes of the four kinds of SSE arithmetic. */
const kinds = { ps: "", pd: "66:", ss: "f3:", sd: "f2:" } as const;

type Suffix = keyof typeof kinds;

const all: readonly Suffix[] = ["ps", "pd", "ss", "sd"];
const packed: readonly Suffix[] = ["ps", "pd"];

/** Name, opcode, kinds and operands of instructions that come in several kinds. */
const families: readonly (readonly [string, string, readonly Suffix[], string])[] = [
  ["sqrt", "51", all, "V,W"],
  ["rsqrt", "52", ["ps", "ss"], "V,W last"],
  ["rcp", "53", ["ps", "ss"], "V,W last"],
  ["and", "54", packed, "V,W"],
  ["andn", "55", packed, "V,W"],
  ["or", "56", packed, "V,W"],
  ["xor", "57", packed, "V,W"],
  ["add", "58", all, "V,W"],
  ["mul", "59", all, "V,W"],
  ["sub", "5c", all, "V,W"],
  ["min", "5d", all, "V,W"],
  ["div", "5e", all, "V,W"],
  ["max", "5f", all, "V,W"],
  ["cmp", "c2", all, "V,W,Ib"],
  ["shuf", "c6", packed, "V,W,Ib"],
  ["unpckl", "14", packed, "V,W"],
  ["unpckh", "15", packed, "V,W"],
  ["ucomi", "2e", packed, "V,W"],
  ["comi", "2f", packed, "V,W"],
  ["movu", "10", all, "V,W"],
  ["movu", "11", all, "W,V"],
  ["movl", "12", ["pd"], "V,M"],
  ["movl", "13", packed, "M,V"],
  ["movh", "16", ["pd"], "V,M"],
  ["movh", "17", packed, "M,V"],
  ["mova", "28", packed, "V,W"],
  ["mova", "29", packed, "W,V"],
  ["movnt", "2b", packed, "M,V"],
  ["movmsk", "50", packed, "G,U"],
  ["hadd", "7c", ["pd", "sd"], "V,W"],
  ["hsub", "7d", ["pd", "sd"], "V,W"],
  ["addsub", "d0", ["pd", "sd"], "V,W"],
  ["cvt5a", "5a", all, "V,W"],
  ["cvt5b", "5b", ["ps", "pd", "ss"], "V,W"],
  ["cvte6", "e6", ["pd", "ss", "sd"], "V,W"],
  ["cvtpi", "2a", packed, "V,Q"],
  ["cvtsi", "2a", ["ss", "sd"], "V,Ey"],
  ["cvttp", "2c", packed, "P,W"],
  ["cvtp", "2d", packed, "P,W"],
  ["cvtts", "2c", ["ss", "sd"], "Gy,W"],
  ["cvts", "2d", ["ss", "sd"], "Gy,W"],
];

/** Opcodes of integer operations on MMX registers, and with 66 on XMM registers. */
const integer =
  "60 61 62 63 64 65 66 67 68 69 6a 6b 74 75 76 d1 d2 d3 d4 d5 d8 d9 da db dc dd de df " +
  "e0 e1 e2 e3 e4 e5 e8 e9 ea eb ec ed ee ef f1 f2 f3 f4 f5 f6 f8 f9 fa fb fc fd fe " +
  "3800 3801 3802 3803 3804 3805 3806 3807 3808 3809 380a 380b 381c 381d 381e";

/** Opcodes that only XMM registers have, with 66. */
const vector =
  "6c 6d 3820 3821 3822 3823 3824 3825 3828 3829 382b 3830 3831 3832 3833 3834 3835 3837 3838 3839 383a 383b 383c 383d " +
  "383e 383f 3840 3841 3810 3814 3815 3817 38db 38dc 38dd 38de 38df";

/** The same with an immediate. */
const vectorImmediate = "3a08 3a09 3a0a 3a0b 3a0c 3a0d 3a0e 3a40 3a41 3a42 3a44 3a60 3a61 3a62 3a63 3adf";

const others = `
movlps     0f12     V,W
movsldup   f3:0f12  V,W
movddup    f2:0f12  V,W
movhps     0f16     V,W
movshdup   f3:0f16  V,W
movd       66:0f6e  V,Ey
movd       66:0f7e  Ey,V
movq       f3:0f7e  V,W
movq       66:0fd6  W,V
movdqa     66:0f6f  V,W
movdqa     66:0f7f  W,V
movdqu     f3:0f6f  V,W
movdqu     f3:0f7f  W,V
movntdq    66:0fe7  M,V
movntdqa   66:0f382a V,M
lddqu      f2:0ff0  V,M
movq2dq    f3:0fd6  V,N
movdq2q    f2:0fd6  P,U
maskmovdqu 66:0ff7  V,U
pmovmskb   66:0fd7  G,U
pshufd     66:0f70  V,W,Ib
pshufhw    f3:0f70  V,W,Ib
pshuflw    f2:0f70  V,W,Ib
psrlw      66:0f71/2 U,Ib
psraw      66:0f71/4 U,Ib
psllw      66:0f71/6 U,Ib
psrld      66:0f72/2 U,Ib
psrad      66:0f72/4 U,Ib
pslld      66:0f72/6 U,Ib
psrlq      66:0f73/2 U,Ib
psrldq     66:0f73/3 U,Ib
psllq      66:0f73/6 U,Ib
pslldq     66:0f73/7 U,Ib
pinsrw     66:0fc4  V,Ed,Ib
pextrw     66:0fc5  G,U,Ib
palignr    66:0f3a0f V,W,Ib
pextrb     66:0f3a14 Ed,V,Ib
pextrw     66:0f3a15 Ed,V,Ib
pextrd     66:0f3a16 Ey,V,Ib
extractps  66:0f3a17 Ed,V,Ib
pinsrb     66:0f3a20 V,Ed,Ib
insertps   66:0f3a21 V,W,Ib
pinsrd     66:0f3a22 V,Ey,Ib
crc32      f2:0f38f0 Gy,Eb
crc32      f2:0f38f1 G,Ev
ldmxcsr    0fae/2   M             last
stmxcsr    0fae/3   M
`;

function rows(): string[] {
  const found: string[] = [];
  for (const [name, opcode, suffixes, operands] of families) {
    found.push(...suffixes.map((suffix) => `${name}${suffix} ${kinds[suffix]}0f${opcode} ${operands}`));
  }
  for (const opcode of `${integer} ${vector}`.split(" ")) {
    found.push(`p${opcode} 66:0f${opcode} V,W`);
  }
  for (const opcode of vectorImmediate.split(" ")) {
    found.push(`p${opcode} 66:0f${opcode} V,W,Ib`);
  }
  return found;
}

/** SSE to SSE4.2, AES-NI, PCLMULQDQ and CRC32. */
export const sseForms = parseForms([...rows(), others.trim()].join("\n"));

/** MMX, with the instructions that SSE, SSE2 and SSSE3 added to it. */
export const mmxForms = parseForms(
  [
    ...integer.split(" ").map((opcode) => `p${opcode} 0f${opcode} P,Q`),
    `paddq 0fd4 P,Q
    psubq 0ffb P,Q
    movd 0f6e P,Ey
    movd 0f7e Ey,P
    movq 0f6f P,Q
    movq 0f7f Q,P
    movntq 0fe7 M,P
    maskmovq 0ff7 P,N
    pmovmskb 0fd7 G,N
    pshufw 0f70 P,Q,Ib
    psrlw 0f71/2 N,Ib
    psraw 0f71/4 N,Ib
    psllw 0f71/6 N,Ib
    psrld 0f72/2 N,Ib
    psrad 0f72/4 N,Ib
    pslld 0f72/6 N,Ib
    psrlq 0f73/2 N,Ib
    psllq 0f73/6 N,Ib
    pinsrw 0fc4 P,Ed,Ib
    pextrw 0fc5 G,N,Ib
    palignr 0f3a0f P,Q,Ib
    emms 0f77 none`,
  ].join("\n"),
);
