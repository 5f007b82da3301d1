import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Missing } from "./missing";

const MINUTE = 60_000;

/**
 * The folder with what is in a Debian package, unpacked but not installed. It is fetched once.
 *
 * @param cache where such folders are kept
 * @throws Missing when it is not there and cannot be fetched
 */
export function fetchPackage(name: string, cache: string): string {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const fetched = mkdtempSync(join(cache, "fetching-"));
  try {
    run("apt-get", ["-qq", "-o", "Acquire::Retries=2", "-o", "APT::Sandbox::User=root", "download", name], fetched);
    const file = readdirSync(fetched)[0];
    run("dpkg-deb", ["-x", join(fetched, file), join(fetched, "unpacked")], fetched);
    renameSync(join(fetched, "unpacked"), folder);
    return folder;
  } finally {
    rmSync(fetched, { recursive: true });
  }
}

/** Runs a command. @returns its standard output @throws Missing when it is not there or fails */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Buffer {
  const environment = { ...process.env, ...env };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env: environment, timeout: 5 * MINUTE });
  if (status === 0) return stdout;
  const said = error?.message ?? stderr.toString().trim().split("\n").at(-1);
  throw new Missing(`${[command, ...args].join(" ")}: ${said}`);
}

/** The only file in a folder whose name matches. @throws Missing */
export function onlyFile(folder: string, pattern: RegExp): string {
  const [file, ...others] = readdirSync(folder).filter((name) => pattern.test(name));
  if (file === undefined || others.length > 0) throw new Missing(`${folder} has not one file like ${pattern}`);
  return join(folder, file);
}

/** Unpacks a .gz file into a folder. @returns the file there */
export function gunzip(packed: string, folder: string): string {
  const file = join(folder, basename(packed, ".gz"));
  writeFileSync(file, gunzipSync(readFileSync(packed)));
  return file;
}
