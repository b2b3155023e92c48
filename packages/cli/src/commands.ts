import type { Command } from './command/command.ts';
import { rebuildCommand } from './rebuild/rebuild-command.ts';
import { verifyCommand } from './verify/verify-command.ts';

/** Every command of `millrace`, in the order of the help. */
export const COMMANDS: readonly Command[] = [verifyCommand, rebuildCommand] as unknown as readonly Command[];
