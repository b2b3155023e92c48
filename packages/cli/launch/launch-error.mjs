/** The launcher cannot go on for a reason that the person at the terminal can mend; the message is one sentence. */
export class LaunchError extends Error {
  name = 'LaunchError';
}
