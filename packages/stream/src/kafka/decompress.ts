/** The codecs of Kafka's record batches, decompression only: Millrace writes uncompressed, apps write as they like. */

import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { AlarmError } from '../errors.ts';
import { lz4FrameDecompress, snappyDecompress } from './block-codecs.ts';

/** A batch is at most a few megabytes; one that swells past this is damaged or hostile. */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

const CODECS: Readonly<Record<number, readonly [name: string, decompress: (bytes: Buffer) => Buffer]>> = {
  1: ['gzip', (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_DECOMPRESSED_BYTES })],
  2: ['snappy', (bytes) => snappyDecompress(bytes, MAX_DECOMPRESSED_BYTES)],
  3: ['lz4', (bytes) => lz4FrameDecompress(bytes, MAX_DECOMPRESSED_BYTES)],
  4: ['zstd', (bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_DECOMPRESSED_BYTES })],
};

/**
 * @param codec the compression bits of the batch's attributes.
 * @throws AlarmError when the codec is unknown or the bytes are not what it writes.
 */
export function decompress(codec: number, bytes: Buffer): Buffer {
  const found = CODECS[codec];
  if (found === undefined) {
    throw new AlarmError(
      'kafka-codec-unknown',
      `A record batch is compressed with codec ${codec}; Millrace reads none, gzip, snappy, lz4 and zstd. Set compression.type of the producer or the topic to one of them.`,
    );
  }
  const [name, decompressBytes] = found;
  try {
    return decompressBytes(bytes);
  } catch (error) {
    throw new AlarmError(
      'kafka-record-corrupt',
      `A record batch says that it is compressed with ${name}, but does not decompress: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}
