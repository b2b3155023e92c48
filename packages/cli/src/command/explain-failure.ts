import { RegistryError } from '@millrace/events';
import { ConfigError } from '@millrace/runtime';
import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import { EXIT } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

/** How a command ends that could not do its work. */
export interface Failure {
  readonly exitCode: number;
  /** A sentence for what a person can mend, the stack for a bug. */
  readonly message: string;
  /** A short stable word where there is one: `redis-connection`. */
  readonly code: string | undefined;
}

export function explainFailure(error: unknown, commandName: string | undefined): Failure {
  if (error instanceof UsageError) {
    const help = commandName === undefined ? 'millrace --help' : `millrace ${commandName} --help`;
    return { exitCode: EXIT.usage, message: `${error.message}\nSee "${help}".`, code: 'usage' };
  }
  if (error instanceof ConfigError) return { exitCode: EXIT.usage, message: error.message, code: 'config' };
  if (error instanceof AlarmError || error instanceof RetryableError) {
    return { exitCode: EXIT.unreachable, message: error.message, code: error.code };
  }
  if (error instanceof SetupError) return { exitCode: EXIT.unreachable, message: error.message, code: 'setup' };
  if (error instanceof RegistryError) return { exitCode: EXIT.unreachable, message: error.message, code: 'registry' };
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.bug, message: `This is a bug in millrace, please report it: ${shown}`, code: 'bug' };
}
