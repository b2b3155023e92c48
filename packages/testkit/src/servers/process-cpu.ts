import { readFileSync } from 'node:fs';

/** Linux reports CPU time in ticks of 1/100 s, whatever the kernel's own clock is (`USER_HZ`). */
const ticksPerSecond = 100;

const bytesPerKibibyte = 1024;

/** The fields of /proc/PID/stat after the command name, which is in parentheses and may itself hold anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * User plus system CPU time of a whole process (all its threads, its living children not included), in seconds with a
 * resolution of 10 ms. `undefined` when the process is gone or the system has no /proc. See proc(5), fields 14 and 15.
 */
export function processCpuSeconds(pid: number): number | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/**
 * When the process began, in ticks since the machine started: together with the pid it names one process for ever, since
 * a pid alone is used again. `undefined` when the process is gone, a zombie, or the system has no /proc (field 22).
 */
export function processStartTicks(pid: number): number | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === 'Z') return undefined;
  return Number(fields[19]);
}

/** Resident memory of a process in bytes, `undefined` when it is gone or the system has no /proc. */
export function processResidentBytes(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
    return match?.[1] === undefined ? undefined : Number(match[1]) * bytesPerKibibyte;
  } catch {
    return undefined;
  }
}
