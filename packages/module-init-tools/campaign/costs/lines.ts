/** Lines that a function gives for numbers from 0 on, one after the other. */
export function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("");
}
