/**
 * The guest programs: `source` compiled for `bits` is prebuilt/<name>.elf. `cpus`, `append` and `modules` say how it is
 * run; `exit` is what the command then returns, on QEMU and here.
 */
export const guests = [
  { name: "hello", source: "hello.c", bits: 32, append: "one two=2", modules: ["module text"] },
  { name: "exit", source: "exit.c", bits: 32, append: "21", exit: 43 },
  { name: "long-mode", source: "long-mode.c", bits: 64 },
];
