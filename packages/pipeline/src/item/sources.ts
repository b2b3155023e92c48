import { AvroReader, AvroWriter } from '@millrace/stream/avro-bytes';
import type { EntityCodec } from '@millrace/stream/handler';
import { DEFAULT_FOLD_PARAMETERS, type FoldParameters } from '@millrace/algorithms';

/** What was last applied of one source shard, and its count of orders. */
export interface AppliedSource {
  readonly incarnation: Buffer;
  journalOffset: number;
  part: number;
  /** Orders of the source in units of 5040, standing at `ordersDay`. */
  ordersTotal: number;
  ordersDay: number;
}

/** The shard-level state of an item shard. */
export interface ItemShardState {
  readonly sources: Map<number, AppliedSource>;
  parameters: FoldParameters;
}

const FORMAT = 1;
const INCARNATION_BYTES = 8;

export const itemShardStateCodec: EntityCodec<ItemShardState> = {
  decode: (bytes) => {
    const state: ItemShardState = { sources: new Map(), parameters: DEFAULT_FOLD_PARAMETERS };
    if (bytes === null) return state;
    const reader = new AvroReader(bytes);
    const format = reader.long();
    if (format !== FORMAT) throw new RangeError(`item shard state of format ${format}; this program knows ${FORMAT}`);
    for (let left = reader.long(); left > 0; left--) {
      const source = reader.long();
      state.sources.set(source, {
        incarnation: reader.fixed(INCARNATION_BYTES),
        journalOffset: reader.long(),
        part: reader.long(),
        ordersTotal: reader.long(),
        ordersDay: reader.long(),
      });
    }
    state.parameters = JSON.parse(reader.string()) as FoldParameters;
    return state;
  },
  encode: ({ sources, parameters }) => {
    const writer = new AvroWriter(64 + sources.size * 32).long(FORMAT).long(sources.size);
    // In the order of their numbers, so that the bytes do not tell which source was heard first.
    for (const [source, applied] of [...sources].sort(([a], [b]) => a - b)) {
      writer.long(source).fixed(applied.incarnation).long(applied.journalOffset).long(applied.part);
      writer.long(applied.ordersTotal).long(applied.ordersDay);
    }
    return writer.string(JSON.stringify(parameters)).finish();
  },
};
