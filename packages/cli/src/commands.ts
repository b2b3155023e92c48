import type { Command } from './command/command.ts';
import { verifyCommand } from './verify/verify-command.ts';

/** Every command of `millrace`, in the order of the help. */
export const COMMANDS: readonly Command[] = [verifyCommand] as unknown as readonly Command[];
