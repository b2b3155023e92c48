/**
 * What the fold of a user says about items. The profile's fold calls it in the order in which things happened; the
 * writer behind it packs the calls by target item shard. Days are UTC days since 1970-01-01 of the event's time.
 */
export interface EvidenceSink {
  /**
   * A view at a new position of a session (never a refresh).
   *
   * @param before the items at distance 1, 2, … (at most 10) before it in the session; may repeat, may contain `item`
   *   itself (at such a distance nothing is counted).
   */
  view(day: number, item: string, before: readonly string[]): void;
  /**
   * Items bought by a user who had viewed `sources`. Each source counts one flat unit towards each bought item
   * (never towards itself).
   *
   * @param sources distinct items, newest first, at most 20, each viewed at most 7 days before.
   * @param bought distinct items of the order.
   */
  bought(day: number, sources: readonly string[], bought: readonly string[]): void;
  /** An order's first 32 distinct items: every unordered pair counts one unit both ways. Counts one order in all. */
  basket(day: number, items: readonly string[]): void;
}
