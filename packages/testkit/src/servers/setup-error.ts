/**
 * A server could not be set up for a reason that the person at the terminal can mend. The message is one sentence that
 * says what was found and what to do; print it without a stack trace.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** True for the errors of the file system that mean "no room" or "not allowed", which deserve a sentence of their own. */
export function isStorageError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
  );
}

/** Turns a storage error into a sentence about `directory`; anything else comes back as it is. */
export function explainStorageError(error: unknown, directory: string): unknown {
  if (!isStorageError(error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new SetupError(
    full
      ? `The disk that holds ${directory} is full: free some space (a gigabyte is plenty) or choose another directory with --data-dir.`
      : `${directory} cannot be written (${error.code}): change its permissions or choose another directory with --data-dir.`,
    { cause: error },
  );
}
