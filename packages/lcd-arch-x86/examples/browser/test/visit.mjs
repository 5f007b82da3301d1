import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { serve } from "./serve.mjs";

/** Milliseconds for all that happens on a page. */
const TIMEOUT = 120_000;

/** Without a window; `--no-sandbox` because root has none, the others because containers have little. */
const options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

/**
 * Opens the example in a headless browser, and has driver.js use it.
 *
 * @param site the folder with the bundled example
 * @param browser a Chromium
 * @param kernels files to boot, by name
 * @param profile a folder for the browser, which need not exist
 * @returns what driver.js reports
 * @throws Error when the browser ends, or the page does not report in time
 */
export async function visit(site, { browser, kernels, profile }) {
  const { server, address, report } = await serve(site, kernels);
  // A browser is several processes; detached, they are a group that can be ended together.
  const chromium = spawn(browser, [...options, `--user-data-dir=${profile}`, address], { detached: true });
  const closed = once(chromium, "close");
  const timer = new AbortController();
  try {
    return await Promise.race([
      report,
      closed.then(([code]) => fail(`${browser} has ended with exit code ${code}`)),
      setTimeout(TIMEOUT, null, { signal: timer.signal }).then(() => fail(`no report after ${TIMEOUT / 1000} s`)),
    ]);
  } finally {
    timer.abort();
    process.kill(-chromium.pid, "SIGKILL");
    await closed;
    server.closeAllConnections();
    server.close();
  }
}

function fail(message) {
  throw new Error(message);
}
