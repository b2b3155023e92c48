import { join } from 'node:path';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SERVICES } from '@millrace/testkit/pipeline/service-processes';
import { readProfiles, selfTimes, timesByPlace, type ProfileWindow } from './cpu-profile.ts';
import type { CpuPerEvent } from './cpu-use.ts';

const SHOWN_FUNCTIONS = 25;
const SHOWN_PLACES = 14;

const CPU_NAMES = { 'user-stream': 'userStream', 'item-stream': 'itemStream' } as const;

/** Prints where the services' CPU time went between the two readings of a part. */
export function reportProfiles(profileDir: string, window: ProfileWindow, cpu: CpuPerEvent, say: (line: string) => void): void {
  for (const service of SERVICES) {
    // A profile counts the time in which the system let others run; the CPU time that was measured does not.
    const us = cpu[CPU_NAMES[service]];
    const times = readProfiles(join(profileDir, service)).flatMap((profile) => selfTimes(profile, window, repositoryRoot));
    say(`\n${service}, ${us.toFixed(1)} µs of CPU per event. By where the code is:`);
    for (const { where, share } of timesByPlace(times).slice(0, SHOWN_PLACES)) say(lineOf(where, share, us));
    say('By function, without what it calls:');
    for (const { where, share } of times.slice(0, SHOWN_FUNCTIONS)) say(lineOf(where, share, us));
  }
  say(`\nThe profiles are in ${profileDir}; Chrome DevTools and speedscope open them.`);
}

function lineOf(where: string, share: number, us: number): string {
  return `  ${(share * 100).toFixed(1).padStart(5)} %  ${(share * us).toFixed(2).padStart(6)} µs  ${where}`;
}
