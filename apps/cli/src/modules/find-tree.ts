import { readdirSync, statSync } from "node:fs";
import { release as runningRelease } from "node:os";
import { basename, join, resolve } from "node:path";
import { prebuiltDirectory } from "liblcd";
import { isModuleFile } from "module-init-tools";
import { CommandError } from "../errors";
import { HOST_RELEASE } from "../module-files/module-source";
import { didYouMean } from "../suggest";

/** Where a tree is. */
export interface Place {
  /** What `/` is to its kernel, without a slash at the end. */
  readonly root: string;
  /** The directory with the modules. */
  readonly directory: string;
  readonly release: string;
}

/**
 * Finds a tree of modules.
 *
 * @param dirname a directory that has `lib/modules` in it, or a tree itself; with neither that nor a release the tree is
 *   that with the examples
 * @param setVersion the release; not needed where there is but one, or the running kernel's
 * @throws CommandError
 */
export function findTree(dirname: string | undefined, setVersion: string | undefined, cwd: string): Place {
  if (dirname === undefined && setVersion === undefined) {
    return { root: prebuiltDirectory, directory: prebuiltDirectory, release: HOST_RELEASE };
  }
  const asked = resolve(cwd, dirname ?? "/");
  const root = asked === "/" ? "" : asked;
  const parent = `${root}/lib/modules`;
  const releases = directoriesIn(parent);
  if (releases === null && setVersion === undefined) return bareTree(asked, dirname ?? "/");
  const release =
    setVersion === undefined
      ? onlyRelease(releases ?? [], parent, root === "")
      : knownRelease(setVersion, releases ?? [], parent);
  return { root, directory: `${parent}/${release}`, release };
}

function knownRelease(asked: string, releases: readonly string[], parent: string): string {
  if (releases.includes(asked)) return asked;
  const known = releases.length === 0 ? "" : `; there is ${releases.join(", ")}`;
  throw new CommandError(`there is no ${parent}/${asked}${didYouMean(asked, releases) || known}`, undefined, "ENOENT");
}

function onlyRelease(releases: readonly string[], parent: string, ofThisMachine: boolean): string {
  if (releases.length === 0) throw new CommandError(`${parent} is empty`, undefined, "ENOENT");
  if (releases.length === 1) return releases[0];
  if (ofThisMachine && releases.includes(runningRelease())) return runningRelease();
  throw new CommandError(`${parent}: which one? ${releases.map((release) => `-S ${release}`).join(", ")}`);
}

/** A directory that is a tree of modules itself. */
function bareTree(directory: string, asked: string): Place {
  const names = namesIn(directory);
  if (names === null) throw new CommandError(`${asked}: no such directory`, undefined, "ENOENT");
  const isPart = (name: string) => isModuleFile(name) || name === "kernel" || /^modules\.(dep|order)$/.test(name);
  if (!names.some(isPart)) {
    throw new CommandError(`${asked} has no lib/modules in it, and no modules`, undefined, "ENOENT");
  }
  const [, root = directory] = /^(.*)\/lib\/modules\/[^/]+$/.exec(directory) ?? [];
  return { root, directory, release: basename(directory) };
}

/** Names of the directories in a directory, sorted, links to directories among them; null when it is none. */
function directoriesIn(path: string): string[] | null {
  const names = namesIn(path);
  return names === null ? null : names.filter((name) => isDirectory(join(path, name))).sort();
}

function namesIn(path: string): string[] | null {
  return isDirectory(path) ? readdirSync(path) : null;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
