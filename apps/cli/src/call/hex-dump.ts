const WIDTH = 16;

/** Bytes as `hexdump -C` shows them: offset, bytes, characters; `*` stands for lines that repeat the one before. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  let previous = "";
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const row = bytes.subarray(at, at + WIDTH);
    const shown = rowText(row);
    if (shown !== previous || at + WIDTH >= bytes.length) lines.push(`${offset(at)}  ${shown}`);
    else if (lines.at(-1) !== "*") lines.push("*");
    previous = shown;
  }
  return [...lines, offset(bytes.length)].map((line) => `${line}\n`).join("");
}

function rowText(row: Uint8Array): string {
  const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, "0"));
  const halves = [hex.slice(0, WIDTH / 2).join(" "), hex.slice(WIDTH / 2).join(" ")];
  const half = (WIDTH / 2) * 3 - 1;
  const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return `${halves[0].padEnd(half)}  ${halves[1].padEnd(half)}  |${text}|`;
}

function offset(value: number): string {
  return value.toString(16).padStart(8, "0");
}
