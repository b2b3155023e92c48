/** What stands before every Avro value, as Confluent's registry defines it: a zero byte and the schema's id, big endian. */

export const PREFIX_BYTES = 5;

/** The prefix of values with this schema, for whoever writes the value itself. */
export function schemaPrefix(schemaId: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(schemaId, 1);
  return prefix;
}

/** The schema id that a value names; undefined when it does not begin with a prefix. */
export function schemaIdOf(value: Buffer): number | undefined {
  return value.length >= PREFIX_BYTES && value[0] === 0 ? value.readUInt32BE(1) : undefined;
}
