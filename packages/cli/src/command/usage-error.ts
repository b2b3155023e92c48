/** The command line asks for something that does not exist or does not go together. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
