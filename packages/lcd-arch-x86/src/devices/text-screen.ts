import type { PlacedBytes } from "./table-bytes";

/** Text memory of a VGA, 80 x 25: a character and its colours for each place. */
const TEXT = { address: 0xb8000, length: 0x8000, columns: 80, rows: 25 } as const;
const SPACE = 0x20;
const GREY_ON_BLACK = 0x07;
const PLACE = 2;

/** Code page 437, the characters of a VGA; 0 and 255 are blank. */
const characters =
  " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

/** Text memory as firmware leaves it: empty. */
export const blankScreen = (): PlacedBytes => ({
  address: TEXT.address,
  bytes: Uint8Array.from({ length: TEXT.columns * TEXT.rows * PLACE }, (_, at) =>
    at % PLACE === 0 ? SPACE : GREY_ON_BLACK,
  ),
});

/**
 * What a screen would show.
 *
 * @param read reads physical memory
 * @param start the place in text memory at which the screen begins, as the CRT controller has it
 * @returns its lines without the blanks at their ends; none at the end is empty
 */
export function screenText(read: (address: number, length: number) => Uint8Array, start: number): string[] {
  const memory = read(TEXT.address, TEXT.length);
  const line = (row: number): string =>
    Array.from({ length: TEXT.columns }, (_, column) => {
      const place = start + row * TEXT.columns + column;
      return characters[memory[(place * PLACE) % TEXT.length]];
    }).join("");
  const lines = Array.from({ length: TEXT.rows }, (_, row) => line(row).trimEnd());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}
