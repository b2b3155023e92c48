/** Errors are named for what happens next. */

/** The other side cannot now (down, moving, full, slow): the shard pauses and asks again. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  /** A short stable word for metrics and logs, such as `redis-readonly` or `kafka-not-leader`. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Something that must hold does not: the shard stops and says so until a person has looked. */
export class AlarmError extends Error {
  override readonly name = 'AlarmError';
  /** A short stable word for metrics, logs and runbooks, such as `journal-truncated`. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
