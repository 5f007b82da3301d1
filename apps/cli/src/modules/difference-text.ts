import type { Change, ModuleDifference, Outcome } from "module-init-tools";

/** How many modules have each outcome. */
export type OutcomeCounts = Readonly<Record<Outcome["kind"], number>>;

/** A module that is not the same in two trees: a line with its name, and one for each change. */
export function differenceText({ name, path, outcome }: ModuleDifference): string {
  switch (outcome.kind) {
    case "added":
      return `+ ${name}  ${path}${outcome.builtin ? "; it was in the kernel itself" : ""}\n`;
    case "removed":
      return `- ${name}  ${path}${outcome.builtin ? "; it is in the kernel itself now" : ""}\n`;
    case "changed":
      return `~ ${name}\n${outcome.changes.map(changeText).join("")}`;
    case "same":
    case "unreadable":
      return "";
  }
}

/** What was found, in one line. */
export function summaryText({ added, removed, changed, same, unreadable }: OutcomeCounts): string {
  const parts = [`${added} added`, `${removed} removed`, `${changed} changed`, `${same} the same`];
  return `${[...parts, ...(unreadable > 0 ? [`${unreadable} unreadable`] : [])].join(", ")}\n`;
}

/** The longest property that most modules have. */
const PROPERTY_WIDTH = "signature hash".length;

function changeText({ property, name, before, after }: Change): string {
  const title = `    ${property.padEnd(PROPERTY_WIDTH)}  `;
  if (before === null && after === null) return `${title}changed\n`;
  const what = (value: string) => printable([name, value].filter((part) => part !== "").join(": "));
  if (before === null) return `${title}+ ${what(after ?? "")}\n`;
  if (after === null) return `${title}- ${what(before)}\n`;
  return `${title}${what(before)} -> ${printable(after)}\n`;
}

/** What a module says of itself may be anything: new lines, and what moves a terminal's cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
