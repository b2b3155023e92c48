import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';

/** Arguments of a script: first the number of keys, then keys and arguments, which may come in arrays. */
type ScriptArgument = number | string | Buffer | readonly (string | Buffer)[];
type Script<Reply> = (keyCount: number, ...keysAndArguments: ScriptArgument[]) => Promise<Reply>;

/** The scripts of this folder as methods of a client; replies are bytes, as the headers of the scripts say. */
export interface ScriptedClient {
  millraceCommitBuffer: Script<number>;
  millraceDueTimersBuffer: Script<[head: Buffer | null, owner: Buffer | null, due: Buffer[], first: Buffer | null]>;
  millracePeekPrefixBuffer: Script<(Buffer | null)[]>;
  millraceCountAttemptBuffer: Script<[attempts: number, previousMark: Buffer | null]>;
  millraceScanBuffer: Script<[cursor: Buffer, keys: Buffer[]]>;
  millraceMemoryUsageBuffer: Script<[bytes: number, found: number]>;
}

const FILES: Readonly<Record<string, string>> = {
  millraceCommit: 'commit-n.lua',
  millraceDueTimers: 'due-timers-3.lua',
  millracePeekPrefix: 'peek-prefix-n.lua',
  millraceCountAttempt: 'count-attempt-1.lua',
  millraceScan: 'scan-1.lua',
  millraceMemoryUsage: 'memory-usage-n.lua',
};

/**
 * Teaches a client the scripts. The client sends a script's text once on each connection, its hash from then on, and
 * the text again when the server has forgotten it (NOSCRIPT).
 */
export function withScripts(client: Redis | Cluster): ScriptedClient {
  for (const [name, file] of Object.entries(FILES)) {
    client.defineCommand(name, { lua: readFileSync(new URL(`./scripts/${file}`, import.meta.url), 'utf8') });
  }
  return client as unknown as ScriptedClient;
}
