import { decompressModule, explainModule, memoryFiles, readModuleFacts, readModuleSignature } from "../src";
import { makeModule } from "../src/testing";
import type { CampaignKind } from "./kind";
import { pick, spoilt } from "./mutations";
import { attempt, runDepmod, runTools, TREE } from "./tools";

const good = makeModule({ exports: ["four"], imports: ["one"] });

/** Modules with something wrong in them, wherever a tool can meet one. */
export function spoiltModules(modules: readonly Uint8Array[]): CampaignKind {
  return {
    seconds: 2,
    megabytes: 500,
    async run(_, random, outcome) {
      const bytes = spoilt(pick(modules, random), random);
      await readEverywhere(bytes, outcome);
      await showEverywhere(bytes, outcome);
    },
  };
}

/** The beginnings of modules, each as long as the last and one byte. */
export function prefixesOf(modules: readonly Uint8Array[]): CampaignKind {
  const cases = modules.reduce((sum, { length }) => sum + length, 0);
  return {
    cases,
    seconds: 2,
    megabytes: 500,
    async run(at, _, outcome) {
      let [index, length] = [0, at % cases];
      while (length >= (modules[index]?.length ?? 0)) length -= modules[index++]?.length ?? 1;
      const bytes = modules[index]?.slice(0, length) ?? new Uint8Array(0);
      await readEverywhere(bytes, outcome);
      // The tools add little to what they call: now and then is enough.
      if (at % 7 === 0) await showEverywhere(bytes, outcome);
    },
  };
}

async function readEverywhere(bytes: Uint8Array, outcome: (what: string) => void): Promise<void> {
  await attempt("explainModule", () => explainModule(bytes), outcome);
  await attempt("readModuleFacts", () => readModuleFacts(bytes), outcome);
  await attempt("readModuleSignature", () => readModuleSignature(bytes), outcome);
  await attempt("decompressModule", () => decompressModule(bytes), outcome);
}

async function showEverywhere(bytes: Uint8Array, outcome: (what: string) => void): Promise<void> {
  const tree = { [`${TREE}/bad.ko`]: bytes, [`${TREE}/good.ko`]: good };
  const files = await runDepmod(tree, "-w", outcome);
  const bad = `${TREE}/bad.ko`;
  const commands = [
    `modinfo ${bad}`,
    `modinfo -0 ${bad}`,
    "modinfo -p bad",
    `modprobe --show-exports ${bad}`,
    `modprobe --show-modversions ${bad}`,
    "modprobe -c",
    "modprobe -f bad",
    "modprobe good",
    "modprobe -R symbol:one",
    `insmod -f ${bad}`,
  ];
  await runTools(commands, files, outcome);
  await runTools(["depmod -n -e -F /dev/null"], memoryFiles({ ...tree, "/dev/null": "" }), outcome);
}
