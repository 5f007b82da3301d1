// What comparing with kmod's tools takes: running both, counting, and showing where they first differ.
import { encodeText } from "elf-image";
import { nodeEnvironment } from "module-init-tools/node";

/** Differences of one kind that are shown. */
const SHOWN = 10;

/** Comparisons and differences, by what was compared. */
export class Comparison {
  #totals = new Map();

  /** @returns whether the two are the same */
  compare(kind, what, theirs, ours) {
    const total = this.#totals.get(kind) ?? { compared: 0, different: 0 };
    this.#totals.set(kind, total);
    total.compared++;
    if (theirs === ours) return true;
    if (total.different++ < SHOWN) console.log(`${what}: ${firstDifference(theirs, ours)}`);
    return false;
  }

  /** Prints the totals; the exit code is 1 when something differs. */
  finish() {
    const totals = [...this.#totals];
    for (const [kind, { compared, different }] of totals) {
      console.log(`${kind}: ${compared} comparisons, ${different} differences`);
    }
    process.exitCode = totals.length > 0 && totals.every(([, { different }]) => different === 0) ? 0 : 1;
  }
}

function firstDifference(theirs, ours) {
  const [a, b] = [theirs.split("\n"), ours.split("\n")];
  const line = a.findIndex((text, i) => text !== b[i]);
  return `line ${line + 1} differs\n  kmod: ${a[line]}\n  lcd:  ${b[line]}`;
}

/**
 * Runs one of the package's tools in this process.
 *
 * @param argv the program's name first
 * @param changes to the environment
 * @returns what it wrote, byte for byte, and its exit code
 */
export async function runTool(tool, argv, changes = {}) {
  const written = { stdout: "", stderr: "" };
  const write = (stream) => (text) => {
    written[stream] += Buffer.from(encodeText(text)).toString("latin1");
  };
  const env = { ...nodeEnvironment(), stdout: write("stdout"), stderr: write("stderr"), ...changes };
  return { status: await tool(argv, env), ...written };
}

/**
 * What a tool has written and its exit code as one text, for comparing. The tools of this package say in brackets what
 * is wrong with a broken module; here that is left out, and so is the line of kmod's source that its library names.
 */
export function outcome(program, { stdout, stderr, status }, root) {
  const said = stderr
    .replace(/ \(.*\)$/gm, "")
    .replace(/ fstatat\([^,]*, /g, " fstatat(")
    .replace(/(Invalid symbol version \S*): .*$/gm, "$1")
    .replace(/(unsupported file type .*): \d+$/gm, "$1")
    .replace(/^depmod: \w+: \.\.\/libkmod\/.*\n/gm, "")
    .replace(/^depmod: ERROR: hash_add_unique .*\n/gm, "")
    .replace(/^libkmod: (\w+) \S+\.c:\d+ \w+: /gm, `${program}: $1: `);
  return `${stdout}${said}exit code ${status}`.replaceAll(root, "ROOT");
}
