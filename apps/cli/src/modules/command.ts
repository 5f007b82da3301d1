import { UsageError } from "../errors";
import { ExitCode } from "../exit-code";
import { didYouMean } from "../suggest";
import type { Terminal } from "../terminal";
import { diff } from "./diff";
import { forNames } from "./for";
import { needs } from "./needs";
import { set } from "./set";

/** The questions that can be asked of a tree of modules. */
const questions = [
  { name: "for", summary: "which modules would be loaded for a name or a modalias, and why", run: forNames },
  { name: "needs", summary: "who needs whom: as text, JSON or a drawing", run: needs },
  { name: "set", summary: "the smallest set of modules for some names: what an initramfs needs", run: set },
  { name: "diff", summary: "what changed between two trees", run: diff },
] as const;

/** `lcd modules`. Nothing is written into the trees that are asked about. */
export async function modules(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === "help" && rest[0] !== undefined) return modules([rest[0], "--help"], terminal);
  if (name === "help" || name === "--help" || name === "-h") {
    terminal.stdout(HELP);
    return ExitCode.ok;
  }
  if (name === undefined) {
    terminal.stderr(HELP);
    return ExitCode.usage;
  }
  const question = questions.find((candidate) => candidate.name === name);
  if (question !== undefined) return question.run(rest, terminal);
  const names = questions.map((candidate) => candidate.name);
  throw new UsageError(
    `there is no lcd modules ${name}${didYouMean(name, names) || `; there are ${names.join(", ")}`}`,
  );
}

const HELP = `Usage: lcd modules <question> [options]

Answers questions about trees of modules: /lib/modules/<release>, on this machine or anywhere. Needs no root, writes
nothing, and does not mind when depmod has never run.

Questions:
${questions.map(({ name, summary }) => `  ${name.padEnd(5)}  ${summary}`).join("\n")}

Examples:
  lcd modules for asker                        of the examples of LCD, what would be loaded for asker?
  lcd modules for -d / pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00
                                               of this machine's modules, which serve this network card?
  lcd modules needs -d /srv/image --reverse crc16
                                               in /srv/image/lib/modules/<release>, who needs crc16?
  lcd modules set -d /srv/image ext4 nvme dm-crypt
                                               what an initramfs for such a disk has to have
  lcd modules diff old new                     what changed from old/lib/modules/... to new/lib/modules/...

lcd modules <question> --help says more about each.
`;
