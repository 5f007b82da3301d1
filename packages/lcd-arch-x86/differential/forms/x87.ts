import { parseForms } from "./form";

/** Arithmetic in the order of its opcode extension (SDM 2D, Appendix A, "Escape Opcode Instructions"). */
const operations = ["add", "mul", "com", "comp", "sub", "subr", "div", "divr"];

/** First opcode byte and name of each kind of memory operand of arithmetic. */
const memoryKinds = { d8: "f", da: "fi", dc: "f", de: "fi" } as const;

function arithmeticRows(): string[] {
  const rows: string[] = [];
  for (const [number, operation] of operations.entries()) {
    const mark = operation.startsWith("com") ? "last" : "";
    for (const [opcode, name] of Object.entries(memoryKinds)) {
      rows.push(`${name}${operation} ${opcode}/${number} M ${mark}`);
    }
    const last = (0xc0 + number * 8).toString(16);
    rows.push(`f${operation} d8${last} T ${mark}`, `f${operation} dc${last} T ${mark}`);
    if (number !== 3) {
      rows.push(`f${operation}p de${last} T ${mark}`);
    }
  }
  return rows;
}

/**
 * Loads and stores, control, comparisons, constants, and functions whose results are exact. Comparisons are the last of
 * their cases, because what they leave when they raise an exception differs (compare-fx.ts).
 */
const others = `
fld        d9/0     M
fst        d9/2     M
fstp       d9/3     M
fldcw      d9/5     M
fnstcw     d9/7     M
fild       db/0     M
fisttp     db/1     M
fist       db/2     M
fistp      db/3     M
fld        db/5     M
fstp       db/7     M
fld        dd/0     M
fisttp     dd/1     M
fst        dd/2     M
fstp       dd/3     M
fnstsw     dd/7     M
fild       df/0     M
fisttp     df/1     M
fist       df/2     M
fistp      df/3     M
fbld       df/4     M
fild       df/5     M
fbstp      df/6     M
fistp      df/7     M
fld        d9c0     T
fxch       d9c8     T
fnop       d9d0     none
fchs       d9e0     none
fabs       d9e1     none
ftst       d9e4     none          last
fxam       d9e5     none
fld1       d9e8     none
fldl2t     d9e9     none
fldl2e     d9ea     none
fldpi      d9eb     none
fldlg2     d9ec     none
fldln2     d9ed     none
fldz       d9ee     none
fxtract    d9f4     none
fprem1     d9f5     none
fdecstp    d9f6     none
fincstp    d9f7     none
fprem      d9f8     none
fsqrt      d9fa     none
frndint    d9fc     none
fscale     d9fd     none
fcmovb     dac0     T
fcmove     dac8     T
fcmovbe    dad0     T
fcmovu     dad8     T
fucompp    dae9     none          last
fcmovnb    dbc0     T
fcmovne    dbc8     T
fcmovnbe   dbd0     T
fcmovnu    dbd8     T
fnclex     dbe2     none
fninit     dbe3     none
fucomi     dbe8     T          last
fcomi      dbf0     T          last
ffree      ddc0     T
fst        ddd0     T
fstp       ddd8     T
fucom      dde0     T          last
fucomp     dde8     T          last
fcompp     ded9     none          last
fnstsw     dfe0     ax
fucomip    dfe8     T          last
fcomip     dff0     T          last
fwait      9b       none
`;

/** Functions that the manual allows to be wrong by one unit in the last place, and that take any argument. */
const transcendental = `
fyl2x      d9f1     none          last
fptan      d9f2     none          last
fpatan     d9f3     none          last
fsincos    d9fb     none          last
fsin       d9fe     none          last
fcos       d9ff     none          last
`;

export const x87Forms = parseForms([...arithmeticRows(), others.trim(), transcendental.trim()].join("\n"));
