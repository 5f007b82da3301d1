import { parseForms } from "./form";

/** What only 64-bit mode has. */
export const longForms = parseForms(`
movsxd     63       Gy,Ed
`);

/**
 * What 64-bit mode has no more. ARPL of registers only: whether it writes to memory that it leaves as it was differs
 * between makers.
 */
export const legacyForms = parseForms(`
aaa        37       ax
aas        3f       ax
daa        27       al
das        2f       al
aam        d4       Ib,ax
aad        d5       Ib,ax
salc       d6       al
pusha      60       s
popa       61       s
bound      62       Gv,Mv
arpl       63       Rw,Gw
into       ce       none
inc        40       Zv
dec        48       Zv
push       06       s,es
push       0e       s,cs
push       16       s,ss
push       1e       s,ds
pop        07       s,es
pop        17       s,ss
pop        1f       s,ds
les        c4       Gv,Mv
lds        c5       Gv,Mv
add        82/0     Eb,Ib         lock
or         82/1     Eb,Ib         lock
adc        82/2     Eb,Ib         lock
sbb        82/3     Eb,Ib         lock
and        82/4     Eb,Ib         lock
sub        82/5     Eb,Ib         lock
xor        82/6     Eb,Ib         lock
cmp        82/7     Eb,Ib
`);

/** Segment registers and descriptors, as user mode reaches them. */
export const segmentForms = parseForms(`
push       0fa0     s,fs
push       0fa8     s,gs
pop        0fa1     s,fs
pop        0fa9     s,gs
lss        0fb2     Gv,Mv
lfs        0fb4     Gv,Mv
lgs        0fb5     Gv,Mv
mov        8c       Ev,Sw
mov        8e       Sw,Ew
lar        0f02     Gv,Ew
lsl        0f03     Gv,Ew
verr       0f00/4   Ew
verw       0f00/5   Ew
`);

/** In 64-bit mode only: AMD's processors have it in compatibility mode too, Intel's have not. */
export const longSystemForms = parseForms(`
sysret     0f07     none
`);

/**
 * What only raises exceptions in user mode: privileged, or an interrupt that is not for user mode. Without INT1, which
 * hypervisors on AMD's processors report at the instruction and not behind it.
 */
export const systemForms = parseForms(`
hlt        f4       none
cli        fa       none
sti        fb       none
clts       0f06     none
invd       0f08     none
wbinvd     0f09     none
wrmsr      0f30     none
rdmsr      0f32     none
rdpmc      0f33     none
sysexit    0f35     none
swapgs     0f01     none,f8
xsetbv     0f01     none,d1
monitor    0f01     none,c8
mwait      0f01     none,c9
lldt       0f00/2   Ew
ltr        0f00/3   Ew
lgdt       0f01/2   M
lidt       0f01/3   M
lmsw       0f01/6   Ew
invlpg     0f01/7   Mb
mov        0f20/0   R
mov        0f20/3   R
mov        0f22/0   R
mov        0f22/4   R
mov        0f21/7   R
mov        0f23/6   R
in         e4       Ib,al
in         e5       Ib,eax
in         ec       al,dx
in         ed       eax,dx
out        e6       Ib,al
out        e7       Ib,eax
out        ee       dx,al
out        ef       dx,eax
ins        6c       b             rep
ins        6d       v             rep
outs       6e       b             rep
outs       6f       v             rep
int        cd       none,00
int        cd       none,03
int        cd       none,04
int        cd       none,0d
int        cd       none,21
int        cd       none,ff
ud1        0fb9     Gv,Ev
ud0        0fff     Gv,Ev
`);
