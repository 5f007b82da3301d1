import { parseForms } from "./form";

/** BMI1, BMI2 and ADX; TZCNT and LZCNT are with the integer instructions. */
export const bmiForms = parseForms(`
adcx       66:0f38f6     Gy,Ey
adox       f3:0f38f6     Gy,Ey
andn       vex:0f38f2    Gy,By,Ey
blsr       vex:0f38f3/1  By,Ey
blsmsk     vex:0f38f3/2  By,Ey
blsi       vex:0f38f3/3  By,Ey
bzhi       vex:0f38f5    Gy,Ey,By
pext       vexf3:0f38f5  Gy,By,Ey
pdep       vexf2:0f38f5  Gy,By,Ey
mulx       vexf2:0f38f6  Gy,By,Ey
bextr      vex:0f38f7    Gy,Ey,By
shlx       vex66:0f38f7  Gy,Ey,By
sarx       vexf3:0f38f7  Gy,Ey,By
shrx       vexf2:0f38f7  Gy,Ey,By
rorx       vexf2:0f3af0  Gy,Ey,Ib
`);
