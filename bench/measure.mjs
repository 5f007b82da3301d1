import { spawn } from "node:child_process";

/**
 * Runs a place's command once.
 *
 * @returns wall: seconds from start to end; cpu: seconds of processor time of the whole process; the checksum in
 *   hexadecimal; or `leftOut`, the place's own words, when it cannot run the workload
 * @throws Error when the command fails or takes longer than `timeout` seconds
 */
export function measure(command, timeout) {
  return new Promise((resolve, reject) => {
    // Bash's `time` knows the processor time of a child, which Node does not.
    const script = `TIMEFORMAT='${CPU_TIME} %U %S'; time "$@"`;
    const child = spawn("bash", ["-c", script, "bash", ...command], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, LC_ALL: "C" },
    });
    const output = new Output();
    let errors = "";
    const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), timeout * 1000);
    child.stderr.on("data", (data) => {
      errors += data;
    });
    child.stdout.on("data", (data) => output.add(data.toString("latin1")));
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      const { times, checksum, leftOut } = output;
      const cpu = new RegExp(`^${CPU_TIME} (\\S+) (\\S+)$`, "m").exec(errors);
      if (leftOut !== null) {
        resolve({ leftOut });
      } else if (cpu && checksum !== null && "start" in times) {
        resolve({ wall: (times.end - times.start) / 1000, cpu: Number(cpu[1]) + Number(cpu[2]), checksum });
      } else {
        const reason = signal ? `stopped by ${signal} after ${timeout} s` : `exit code ${status}`;
        reject(new Error(`${command.join(" ")}: ${reason} ${/\w*Error: .*/.exec(errors)?.[0] ?? errors.trim()}`));
      }
    });
  });
}

const CPU_TIME = "processor-time";

/** What a place prints, line by line. */
class Output {
  times = {};
  checksum = null;
  leftOut = null;
  rest = "";

  add(text) {
    const arrived = performance.now();
    const lines = `${this.rest}${text}`.split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      // What firmware prints may stand before the first word.
      const match = /(?:^|\.)([\d.]+ )?(start|end|no [\w ,]+)(?: ([0-9a-f]{8}))?\r?$/.exec(line);
      if (match?.[2].startsWith("no ")) {
        this.leftOut = match[2];
      } else if (match) {
        this.times[match[2]] = match[1] ? Number(match[1]) : arrived;
        this.checksum = match[3] ?? this.checksum;
      }
    }
  }
}
