/** What a server has used of the machine. */
export interface ProcessUsage {
  /** User plus system CPU time since the start of its processes, in seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** A server that runs, whoever started it. */
export interface RunningServer {
  /** `host:port` (several separated by commas) for Kafka, `redis://host:port` for Redis. */
  readonly address: string;
  /** `undefined` for a server that is not ours or whose processes cannot be seen from here. */
  usage(): ProcessUsage | undefined;
  /** Stops it if it is ours; its data stay. */
  stop(): Promise<void>;
}
