import { parseForms } from "./form";

/** Every encoding of a general-purpose integer instruction that all modes have. */
const table = `
imul       69       Gv,Ev,Iz
imul       6b       Gv,Ev,Ib
imul       0faf     Gv,Ev
test       84       Eb,Gb
test       85       Ev,Gv
test       a8       al,Ib
test       a9       rax,Iz
test       f6/0     Eb,Ib
test       f6/1     Eb,Ib
test       f7/0     Ev,Iz
xchg       86       Eb,Gb         lock
xchg       87       Ev,Gv         lock
xchg       90       Zv,rax
mov        88       Eb,Gb
mov        89       Ev,Gv
mov        8a       Gb,Eb
mov        8b       Gv,Ev
mov        a0       al,Ob
mov        a1       rax,Ov
mov        a2       Ob,al
mov        a3       Ov,rax
mov        b0       Zb,Ib
mov        b8       Zv,Iv
mov        c6/0     Eb,Ib
mov        c7/0     Ev,Iz
lea        8d       Gv,Mv
movzx      0fb6     Gv,Eb
movzx      0fb7     Gv,Ew
movsx      0fbe     Gv,Eb
movsx      0fbf     Gv,Ew
movbe      0f38f0   Gv,Mv
movbe      0f38f1   Mv,Gv
movnti     0fc3     My,Gy
bswap      0fc8     Zy
xadd       0fc0     Eb,Gb         lock
xadd       0fc1     Ev,Gv         lock
cmpxchg    0fb0     Eb,Gb         lock
cmpxchg    0fb1     Ev,Gv         lock
cmpxchg8b  0fc7/1   My            lock
inc        fe/0     Eb            lock
dec        fe/1     Eb            lock
inc        ff/0     Ev            lock
dec        ff/1     Ev            lock
not        f6/2     Eb            lock
neg        f6/3     Eb            lock
not        f7/2     Ev            lock
neg        f7/3     Ev            lock
mul        f6/4     Eb
imul       f6/5     Eb
div        f6/6     Eb
idiv       f6/7     Eb
mul        f7/4     Ev
imul       f7/5     Ev
div        f7/6     Ev
idiv       f7/7     Ev
cbw        98       ax,v
cwd        99       dx,v
shld       0fa4     Ev,Gv,Ib
shld       0fa5     Ev,Gv,cl
shrd       0fac     Ev,Gv,Ib
shrd       0fad     Ev,Gv,cl
bt         0fa3     Ev,Gv
bts        0fab     Ev,Gv         lock
btr        0fb3     Ev,Gv         lock
btc        0fbb     Ev,Gv         lock
bt         0fba/4   Ev,Ib
bts        0fba/5   Ev,Ib         lock
btr        0fba/6   Ev,Ib         lock
btc        0fba/7   Ev,Ib         lock
bsf        0fbc     Gv,Ev
bsr        0fbd     Gv,Ev
tzcnt      f3:0fbc  Gv,Ev
lzcnt      f3:0fbd  Gv,Ev
popcnt     f3:0fb8  Gv,Ev
push       50       Zs
pop        58       Zs
push       68       Iz,s
push       6a       Ib,s
pop        8f/0     Es
push       ff/6     Es
pushf      9c       s
leave      c9       s
enter      c8       Iw,Il
lahf       9f       ah
sahf       9e       ah
cmc        f5       flags
clc        f8       flags
stc        f9       flags
cld        fc       flags
std        fd       flags
xlat       d7       al
movs       a4       b             rep
movs       a5       v             rep
cmps       a6       b             rep
cmps       a7       v             rep
stos       aa       b             rep
stos       ab       v             rep
lods       ac       b             rep
lods       ad       v             rep
scas       ae       b             rep
scas       af       v             rep
nop        90       none
nop        0f1f/0   Ev
endbr64    f3:0f1e  none,fa
pause      f3:90    none
prefetch   0f18/0   Mb
prefetch   0f18/1   Mb
prefetch   0f18/2   Mb
prefetch   0f18/3   Mb
prefetchw  0f0d/1   Mb
lfence     0fae     none,e8
mfence     0fae     none,f0
sfence     0fae     none,f8
ud2        0f0b     none
int3       cc       none
`;

const arithmetic = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"];
const shifts = ["rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar"];
/** Condition codes in encoding order (SDM 2D, Appendix B, "Encoding of Conditional Test Field"). */
export const conditions = "o no b ae e ne be a s ns p np l ge le g".split(" ");

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** The rows that follow from a pattern: eight arithmetic operations, eight shifts, sixteen conditions. */
function regularRows(): string[] {
  const rows: string[] = [];
  for (const [number, name] of arithmetic.entries()) {
    const lock = name === "cmp" ? "" : "lock";
    const operands = [`Eb,Gb ${lock}`, `Ev,Gv ${lock}`, "Gb,Eb", "Gv,Ev", "al,Ib", "rax,Iz"];
    rows.push(...operands.map((text, i) => `${name} ${hex(number * 8 + i)} ${text}`));
    rows.push(`${name} 80/${number} Eb,Ib ${lock}`, `${name} 81/${number} Ev,Iz ${lock}`);
    rows.push(`${name} 83/${number} Ev,Ib ${lock}`);
  }
  for (const [number, name] of shifts.entries()) {
    rows.push(`${name} c0/${number} Eb,Ib`, `${name} c1/${number} Ev,Ib`, `${name} d0/${number} Eb,1`);
    rows.push(`${name} d1/${number} Ev,1`, `${name} d2/${number} Eb,cl`, `${name} d3/${number} Ev,cl`);
  }
  for (const [number, condition] of conditions.entries()) {
    rows.push(`set${condition} 0f${hex(0x90 + number)} Eb`, `cmov${condition} 0f${hex(0x40 + number)} Gv,Ev`);
  }
  return rows;
}

/** In a fixed order. */
export const integerForms = parseForms(`${table}${regularRows().join("\n")}`);
