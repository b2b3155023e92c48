import type { OrderEvent } from '@millrace/events';
import type { PipelineEvent } from '@millrace/pipeline';
import type { Decoded, StreamHandler } from '@millrace/stream/handler';

/** What a walk along the log has met. */
export interface WalkCounts {
  /** Clickstream records and order lines. */
  events: number;
  /** Evidence records, second copies included. */
  evidenceRecords: number;
  /** Records of the shard's first input that were not the engine's own. */
  firstInputRecords: number;
}

/** The handler, counting what it decodes. A record that had to wait for its schema is counted once, when it is read. */
export function countingHandler(
  handler: StreamHandler<PipelineEvent>,
  counts: WalkCounts,
): StreamHandler<PipelineEvent> {
  return {
    spec: handler.spec,
    codecs: handler.codecs,
    decode: (input, record, partition) => {
      const decoded = handler.decode(input, record, partition);
      count(counts, input, decoded);
      return decoded;
    },
    learnSchema: (schemaId) => handler.learnSchema(schemaId),
    open: (scope) => handler.open(scope),
  };
}

function count(counts: WalkCounts, input: number, decoded: Decoded<PipelineEvent>): void {
  if (decoded.kind === 'wait' || decoded.kind === 'skip') return;
  if (input === 0) counts.firstInputRecords++;
  if (decoded.kind !== 'event') return;
  const { event } = decoded;
  if (event.type === 'click') counts.events++;
  else if (event.type === 'order' || event.type === 'return') counts.events += event.lines.length + cleanedLines(event);
  else if (event.type === 'evidence') counts.evidenceRecords++;
}

/** Lines that a cleaning rule took out were events all the same. */
function cleanedLines({ cleaned }: OrderEvent): number {
  return Object.values(cleaned ?? {}).reduce((total, lines) => total + lines, 0);
}
