/** Reads the CPU profiles that Node writes with `--cpu-prof`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of the file format (Chrome DevTools Protocol, `Profiler.Profile`) that is used here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Microseconds of the system's monotonic clock, as `process.hrtime` has it. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time that a function itself ran, without what it called. */
export interface SelfTime {
  /** `name file:line`; `(garbage collector)` and `(program)`, which is native code, have no file. */
  readonly where: string;
  readonly selfMs: number;
  /** Of all time in which the process was not idle, 0 … 1. */
  readonly share: number;
}

/** A stretch of the monotonic clock, microseconds. */
export interface ProfileWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

const IDLE = '(idle)';

/** Functions by the time that they ran within the window, longest first. A sample stands until the next one. */
export function selfTimes(profile: CpuProfile, { fromUs, toUs }: ProfileWindow, repositoryRoot = ''): SelfTime[] {
  const whereById = new Map(profile.nodes.map(({ id, callFrame }) => [id, whereOf(callFrame, repositoryRoot)]));
  const usByWhere = new Map<string, number>();
  let busyUs = 0;
  let atUs = profile.startTime;
  profile.samples.forEach((id, i) => {
    atUs += profile.timeDeltas[i] ?? 0;
    const untilUs = atUs + (profile.timeDeltas[i + 1] ?? 0);
    const us = Math.min(untilUs, toUs) - Math.max(atUs, fromUs);
    const where = whereById.get(id) ?? '(unknown)';
    if (us <= 0 || where === IDLE) return;
    busyUs += us;
    usByWhere.set(where, (usByWhere.get(where) ?? 0) + us);
  });
  return [...usByWhere]
    .map(([where, us]) => ({ where, selfMs: us / 1_000, share: us / busyUs }))
    .sort((a, b) => b.selfMs - a.selfMs);
}

/** The same by folder of the repository, library, or part of Node, longest first. */
export function timesByPlace(times: readonly SelfTime[]): SelfTime[] {
  const places = new Map<string, { selfMs: number; share: number }>();
  for (const { where, selfMs, share } of times) {
    const place = placeOf(where);
    const sum = places.get(place) ?? { selfMs: 0, share: 0 };
    places.set(place, { selfMs: sum.selfMs + selfMs, share: sum.share + share });
  }
  return [...places].map(([where, sum]) => ({ where, ...sum })).sort((a, b) => b.selfMs - a.selfMs);
}

function placeOf(where: string): string {
  const path = where.slice(where.lastIndexOf(' ') + 1);
  if (!/:\d+$/.test(path)) return where.startsWith('(garbage') || where.startsWith('(program') ? where : '(native functions)';
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (library !== null) return library[1]!;
  return path.startsWith('node:') ? path.replace(/:\d+$/, '') : path.slice(0, path.lastIndexOf('/'));
}

/** All profiles of a directory: a process writes one for each of its threads. */
export function readProfiles(directory: string): CpuProfile[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile);
}

function whereOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame'], repositoryRoot: string): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.replace(/^file:\/\//, '').replace(repositoryRoot, '').replace(/^\//, '');
  return `${name} ${path}:${lineNumber + 1}`;
}
