import { EventEncoder } from '@millrace/events';
import type { NewRecord } from '@millrace/stream/log';
import type { WireEvent } from '../shop/wire-event.ts';

/** Encodes events as Avro records. @param encoder default: one with the fixed schema ids, which needs no registry */
export function avroRecords(encoder: EventEncoder = new EventEncoder()): (event: WireEvent) => NewRecord {
  return (event) => ({ key: Buffer.from(event.key, 'utf8'), value: avroValue(encoder, event) });
}

function avroValue(encoder: EventEncoder, event: WireEvent): Buffer {
  switch (event.topic) {
    case 'clickstream':
      return encoder.encodeClick(event.payload);
    case 'purchases':
      return encoder.encodeOrder(event.payload);
    case 'customers':
      return encoder.encodeCustomer(event.payload);
    case 'catalog':
      return encoder.encodeCatalog(event.payload);
  }
}

/** Encodes an event as a JSON record, as an app without Avro writes it. */
export function jsonRecord(event: WireEvent): NewRecord {
  return { key: Buffer.from(event.key, 'utf8'), value: Buffer.from(JSON.stringify(event.payload), 'utf8') };
}
