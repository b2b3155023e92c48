/** What stands before every Avro value on the wire: a zero byte and the schema's id, big endian. */
export function schemaPrefix(schemaId: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(schemaId, 1);
  return prefix;
}
