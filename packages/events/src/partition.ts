/**
 * Which partition a key belongs to: the rule of Kafka's Java clients, so that a producer in any language that follows
 * it (librdkafka: `partitioner=murmur2_random`) puts a user's clicks and orders into one shard.
 *
 * Source: `org.apache.kafka.common.utils.Utils.murmur2` and `toPositive` of Apache Kafka.
 */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** One four-byte block mixed into the hash. */
function mix(hash: number, block: number): number {
  let k = Math.imul(block, MULTIPLIER);
  k ^= k >>> 24;
  return Math.imul(hash, MULTIPLIER) ^ Math.imul(k, MULTIPLIER);
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 13);
  h = Math.imul(h, MULTIPLIER);
  return h ^ (h >>> 15);
}

/** Java's murmur2 of the bytes, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  let h = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    h = mix(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
  if (whole < length) {
    let rest = bytes[whole]!;
    if (length - whole > 1) rest |= bytes[whole + 1]! << 8;
    if (length - whole > 2) rest |= bytes[whole + 2]! << 16;
    h = Math.imul(h ^ rest, MULTIPLIER);
  }
  return finish(h);
}

/** The same of a string's UTF-8 bytes. An ASCII string, as nearly every id is, is hashed without copying it. */
function murmur2OfString(key: string): number {
  const length = key.length;
  const whole = length & ~3;
  let h = SEED ^ length;
  let allCodes = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = key.charCodeAt(i);
    const b = key.charCodeAt(i + 1);
    const c = key.charCodeAt(i + 2);
    const d = key.charCodeAt(i + 3);
    allCodes |= a | b | c | d;
    h = mix(h, a | (b << 8) | (c << 16) | (d << 24));
  }
  if (whole < length) {
    let rest = 0;
    for (let i = length - 1; i >= whole; i--) {
      const code = key.charCodeAt(i);
      allCodes |= code;
      rest = (rest << 8) | code;
    }
    h = Math.imul(h ^ rest, MULTIPLIER);
  }
  return allCodes < 0x80 ? finish(h) : murmur2(Buffer.from(key, 'utf8'));
}

/**
 * The partition that Java's default partitioner chooses for a keyed record: `(murmur2(key) & 0x7fffffff) % partitions`.
 *
 * @param key the record's key; a string stands for its UTF-8 bytes.
 * @param partitions the topic's partition count, at least 1.
 */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  const hash = typeof key === 'string' ? murmur2OfString(key) : murmur2(key);
  return (hash & 0x7fffffff) % partitions;
}
