// Time that this process has computed for, so that a test for "not with the square" does not hang on what else the machine is doing.

/** Milliseconds of CPU since the process began. */
export function cpuMs(): number {
  return process.cpuUsage().user / 1_000;
}
