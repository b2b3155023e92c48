/**
 * Everything that shapes the state and may be changed: a versioned record on `control` carries the values that differ
 * from these defaults, and takes effect at its place in the log, so that a replay follows.
 */
export interface FoldParameters {
  readonly version: number;
  /** A session ends after this long without an event. */
  readonly sessionGapMs: number;
  /** A purchase counts towards items viewed at most this long before. */
  readonly boughtWindowMs: number;
  /** Evidence older than this many days behind the shard's clock is counted as late and stays in the profile only. */
  readonly lateDays: number;
  /** Pair counts and totals are multiplied by numerator / 65536 at every n-th day boundary. */
  readonly pairDecayNumerator: number;
  readonly pairDecayEveryDays: number;
  /** Neighbours kept at a day boundary, and the hard cap inside a day. */
  readonly neighboursKept: number;
  readonly neighboursCap: number;
  /** De-duplication by event id: how many ids of a user are remembered, and for how long. */
  readonly duplicateIds: number;
  readonly duplicateWindowMs: number;
  /** A user with more events in an hour adds no pairs. */
  readonly botEventsPerHour: number;
  readonly sessionPositions: number;
  /** A user or an item not seen for this many days is forgotten. */
  readonly userRetentionDays: number;
  readonly itemRetentionDays: number;
}

const DAY_MS = 86_400_000;

export const DEFAULT_FOLD_PARAMETERS: FoldParameters = {
  version: 0,
  sessionGapMs: 30 * 60_000,
  boughtWindowMs: 7 * DAY_MS,
  lateDays: 60,
  pairDecayNumerator: 55_109,
  pairDecayEveryDays: 15,
  neighboursKept: 64,
  neighboursCap: 512,
  duplicateIds: 64,
  duplicateWindowMs: DAY_MS,
  botEventsPerHour: 300,
  sessionPositions: 100,
  userRetentionDays: 400,
  itemRetentionDays: 400,
};

/** Allowed range of each parameter, both ends included; all are whole numbers. */
export const FOLD_PARAMETER_RANGES: Readonly<Record<Exclude<keyof FoldParameters, 'version'>, readonly [number, number]>> = {
  sessionGapMs: [1_000, DAY_MS],
  boughtWindowMs: [1_000, 60 * DAY_MS],
  lateDays: [1, 365],
  pairDecayNumerator: [1, 65_536],
  pairDecayEveryDays: [1, 365],
  neighboursKept: [1, 512],
  neighboursCap: [2, 4_096],
  duplicateIds: [0, 256],
  duplicateWindowMs: [0, 7 * DAY_MS],
  botEventsPerHour: [1, 1_000_000],
  sessionPositions: [2, 10_000],
  userRetentionDays: [1, 3_650],
  itemRetentionDays: [1, 3_650],
};
