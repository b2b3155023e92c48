/** What all parts of one run share. */
export interface BenchRun {
  /** Everything that the bench leaves behind lies under it. */
  readonly benchDir: string;
  /** Put a CPU profiler into the services. */
  readonly isProfiled: boolean;
  /** Comes with Ctrl-C. */
  readonly signal: AbortSignal;
  /** Progress, for people. */
  readonly say: (line: string) => void;
}
