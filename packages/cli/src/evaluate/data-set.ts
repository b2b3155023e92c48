/** What models are evaluated on: visits with times, or orders, cut into a part to learn from and a part to test on. */

export interface RecordedVisit {
  /** Raw views, refreshes included, oldest first. */
  readonly items: readonly string[];
  /** Of each view, never falling. */
  readonly timesMs: readonly number[];
}

export interface SessionData {
  readonly kind: 'sessions';
  readonly name: string;
  /** What a reader of the figures must know: source, split, times. Sentences. */
  readonly protocol: readonly string[];
  readonly visits: readonly RecordedVisit[];
  /** For every view to learn from, in the order of learning: the number of its visit. */
  readonly training: Int32Array;
  /** Numbers of the visits to test on, in order. */
  readonly test: readonly number[];
  /** A test asks for the next item after this many views or more. */
  readonly leastViews: number;
}

export interface RecordedOrder {
  /** Distinct items. */
  readonly items: readonly string[];
  readonly timeMs: number;
}

export interface OrderData {
  readonly kind: 'orders';
  readonly name: string;
  readonly protocol: readonly string[];
  /** In the order of their times; the first `trainingOrders` are learned from. */
  readonly orders: readonly RecordedOrder[];
  readonly trainingOrders: number;
}

export type DataSet = SessionData | OrderData;

/** Which part is held out: `test` gives the figures to publish, `valid` is for tuning and never touches the test part. */
export const PARTS = ['test', 'valid'] as const;
export type Part = (typeof PARTS)[number];

/** One view of a session file. */
export interface Click {
  readonly sessionId: string;
  readonly itemId: string;
  readonly timeMs: number;
}

/** Clicks of each session, in the order in which the sessions are first met; within a session by time, ties as they came. */
export function visitsOf(clicks: Iterable<Click>): RecordedVisit[] {
  const sessions = new Map<string, Click[]>();
  for (const click of clicks) {
    const known = sessions.get(click.sessionId);
    if (known === undefined) sessions.set(click.sessionId, [click]);
    else known.push(click);
  }
  return [...sessions.values()].map((session) => {
    session.sort((a, b) => a.timeMs - b.timeMs);
    return { items: session.map(({ itemId }) => itemId), timesMs: session.map(({ timeMs }) => timeMs) };
  });
}

/** All views of the given visits by time, ties by visit: the order in which a stream would have brought them. */
export function byTime(visits: readonly RecordedVisit[], numbers: readonly number[]): Int32Array {
  const views = numbers.flatMap((number) => visits[number]!.timesMs.map((timeMs) => ({ number, timeMs })));
  return Int32Array.from(views.sort((a, b) => a.timeMs - b.timeMs || a.number - b.number), ({ number }) => number);
}
