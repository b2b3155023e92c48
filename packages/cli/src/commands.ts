import type { Command, OptionDefinitions } from './command/command.ts';
import { configCommand } from './config/config-command.ts';
import { evaluateCommand } from './evaluate/evaluate-command.ts';
import { inspectCommand } from './inspect/inspect-command.ts';
import { rebuildCommand } from './rebuild/rebuild-command.ts';
import { replayCommand } from './replay/replay-command.ts';
import { tailCommand } from './tail/tail-command.ts';
import { topicsCommand } from './topics/topics-command.ts';
import { verifyCommand } from './verify/verify-command.ts';

/** Forgets which options a command has; what it is run with is parsed by its own definition. */
function anyCommand<O extends OptionDefinitions>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** Every command of `millrace`, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  anyCommand(inspectCommand),
  anyCommand(verifyCommand),
  anyCommand(rebuildCommand),
  anyCommand(replayCommand),
  anyCommand(topicsCommand),
  anyCommand(tailCommand),
  anyCommand(evaluateCommand),
  anyCommand(configCommand),
];
