import { AvroReader, AvroWriter } from './avro-bytes.ts';
import { AlarmError } from './errors.ts';
import { TOKEN_BYTES } from './journal.ts';

/** Where a shard stands: changed together with its values in every commit, and read together with them. */
export interface ShardPosition {
  /** Names the commit. */
  readonly token: Buffer;
  /** Token of the shard's genesis: tells a log that was created anew from the one this state was folded from. */
  readonly incarnation: Buffer;
  /** Offset of the entry that this commit carried out (-1 for shards whose first input is their journal). */
  readonly journalOffset: number;
  /** Next offset of each input topic, in the order of the inputs. */
  readonly positions: readonly number[];
  /** Greatest event time seen, epoch milliseconds. */
  readonly clockMs: number;
}

const FORMAT = 1;

export function encodeHead(position: ShardPosition): Buffer {
  const writer = new AvroWriter(64).fixed(position.token).long(FORMAT).fixed(position.incarnation);
  writer.long(position.journalOffset).long(position.clockMs).long(position.positions.length);
  for (const offset of position.positions) writer.long(offset);
  return writer.finish();
}

/** @throws AlarmError `head-unreadable` */
export function decodeHead(bytes: Buffer): ShardPosition {
  try {
    const reader = new AvroReader(bytes);
    const token = reader.fixed(TOKEN_BYTES);
    const format = reader.long();
    if (format !== FORMAT) throw new RangeError(`format ${format}, this program knows ${FORMAT}`);
    const incarnation = reader.fixed(TOKEN_BYTES);
    const journalOffset = reader.long();
    const clockMs = reader.long();
    const positions = Array.from({ length: reader.long() }, () => reader.long());
    if (!reader.isAtEnd) throw new RangeError('bytes are left over');
    return { token, incarnation, journalOffset, positions, clockMs };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AlarmError('head-unreadable', `The shard's head in Redis cannot be read (${error.message}); run verify.`);
  }
}
