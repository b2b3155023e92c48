import { FOLD_NOTES } from '@millrace/algorithms';
import { DEAD_LETTER_REASONS, NOTE_NAMES } from '@millrace/events';
import {
  defineMetrics,
  DURATION_BUCKETS,
  forgetShard,
  registerMetrics,
  SIZE_BUCKETS,
  type CounterChild,
  type Logger,
  type MetricsRegistry,
  type RateLimitedLogger,
} from '@millrace/runtime';
import type { EngineObserver } from '@millrace/stream/observer';
import type { ShardId } from '@millrace/stream/state-store';

const STEPS = ['load', 'fold', 'journal', 'announce', 'commit'] as const;
type Step = (typeof STEPS)[number];

/** What the handlers of both streams may remark, beside what decoding and the profile's fold do. */
export const PIPELINE_NOTES = [
  'user-retired',
  'item-retired',
  'list-too-old',
  'list-coalesced',
  'list-empty',
  'list-silent',
  'parameters-set',
  'parameters-old',
  'catalog-item',
  'evidence-applied',
  'evidence-duplicate',
  'evidence-late',
  'neighbours-capped',
] as const;

/** Why a shard was dropped and claimed again. */
const DROP_CODES = ['head-moved', 'owner-changed', 'commit-refused', 'journal-contended', 'fold-failed', 'downstream-not-begun', 'kafka', 'redis', 'registry', 'other'] as const;
type DropCode = (typeof DROP_CODES)[number];

/** What keeps a shard standing until somebody has looked. */
const ALARM_CODES = [
  'journal-lost-records',
  'journal-truncated',
  'journal-differs',
  'journal-unreadable',
  'genesis-missing',
  'state-missing',
  'head-unreadable',
  'log-range-lost',
  'position-out-of-range',
  'incarnation-unknown',
  'evidence-unreadable',
  'fold-version-newer',
  'redo-failed',
  'fold-failed',
  'schema-unknown',
  'schema-registry',
  'topic-missing',
  'kafka',
  'redis',
  'other',
] as const;
type AlarmCode = (typeof ALARM_CODES)[number];

const NOTES = [...new Set<string>([...FOLD_NOTES, ...PIPELINE_NOTES])];

export const ENGINE_METRICS = defineMetrics({
  records: { type: 'counter', name: 'millrace_records_total', unit: 'count', labels: {}, help: 'Records taken from the inputs and committed.', doc: 'Throughput of the process. Flat while lag grows: look at the step times.' },
  batches: { type: 'counter', name: 'millrace_batches_total', unit: 'count', labels: { kind: ['live', 'redo'] }, help: 'Batches committed.', doc: 'Redo grows after crashes and take-overs only; all the time means that workers contend for shards.' },
  batchRecords: { type: 'histogram', name: 'millrace_batch_records', unit: 'count', labels: {}, buckets: SIZE_BUCKETS, help: 'Records in a batch.', doc: 'Small while live, large while catching up.' },
  stepSeconds: { type: 'histogram', name: 'millrace_batch_step_duration_seconds', unit: 'seconds', labels: { step: STEPS }, buckets: DURATION_BUCKETS, help: 'Time of each step of a batch.', doc: 'Which of Redis (load, commit), Kafka (journal, announce) or the CPU (fold) holds the stream up. Lists are made beside the journal step.' },
  committedBytes: { type: 'counter', name: 'millrace_committed_bytes_total', unit: 'bytes', labels: {}, help: 'Bytes of values written to Redis.', doc: 'Write load on Redis and its append-only file.' },
  deadLetters: { type: 'counter', name: 'millrace_dead_letters_total', unit: 'count', labels: { reason: DEAD_LETTER_REASONS }, help: 'Records that went to dead letters, by reason.', doc: 'A step up after a deployment of an app means that it writes something wrong: look at a letter\'s detail.' },
  notes: { type: 'counter', name: 'millrace_notes_total', unit: 'count', labels: { note: NOTES }, help: 'What folding remarked, by a closed list.', doc: 'duplicate, late-evidence, bot and the list-… notes say what was left out of what and why.' },
  decodingNotes: { type: 'counter', name: 'millrace_decoding_notes_total', unit: 'count', labels: { note: NOTE_NAMES }, help: 'What decoding mended or cleaned, by a closed list.', doc: 'line-… are the cleaning rules; time-clamped grows when an app\'s clock is wrong.' },
  lagRecords: { type: 'gauge', name: 'millrace_shard_lag_records', unit: 'count', labels: { shard: 'shard' }, help: 'Records between a shard\'s position and the end of its inputs when last fetched.', doc: 'The figure to scale by. Rises on one shard only: a hot key, or a shard that stands still.' },
  waitingSeconds: { type: 'gauge', name: 'millrace_shard_waiting_seconds', unit: 'seconds', labels: { shard: 'shard' }, help: 'Age of the oldest record that a shard had not taken yet.', doc: 'Freshness as the stream sees it; 0 when nothing waits.' },
  clockSeconds: { type: 'gauge', name: 'millrace_shard_clock_timestamp_seconds', unit: 'timestamp_seconds', labels: { shard: 'shard' }, help: 'The shard\'s clock: the greatest event time that it has seen.', doc: 'Behind the wall clock by the age of the newest events; standing still with traffic on the topic means that events come with old times.' },
  shards: { type: 'gauge', name: 'millrace_shards_claimed', unit: 'count', labels: {}, help: 'Shards that this process runs.', doc: 'The sum over all processes must be the shard count.' },
  claims: { type: 'counter', name: 'millrace_claims_total', unit: 'count', labels: {}, help: 'Shards claimed.', doc: 'Grows at starts and rebalances.' },
  claimSeconds: { type: 'histogram', name: 'millrace_claim_duration_seconds', unit: 'seconds', labels: {}, buckets: DURATION_BUCKETS, help: 'Time from the beginning of a claim until the shard runs, redo included.', doc: 'How long a take-over holds a shard up.' },
  redone: { type: 'counter', name: 'millrace_redone_batches_total', unit: 'count', labels: {}, help: 'Journaled batches that a claim carried out again.', doc: 'What a crash, or a Redis that went back, has cost.' },
  drops: { type: 'counter', name: 'millrace_shard_drops_total', unit: 'count', labels: { code: DROP_CODES }, help: 'Times that a shard was dropped from memory and claimed again.', doc: 'kafka and redis: that server was not able. journal-contended and owner-changed: two workers had the shard; harmless if rare.' },
  alarms: { type: 'counter', name: 'millrace_shard_alarms_total', unit: 'count', labels: { code: ALARM_CODES }, help: 'Times that a shard stopped with an alarm.', doc: 'Somebody has to look: the log line of the same code says what was wrong and what to do.' },
  alarmed: { type: 'gauge', name: 'millrace_shard_alarmed', unit: 'count', labels: { shard: 'shard' }, help: '1 while a shard stands still with an alarm.', doc: 'Page on it.' },
  lists: { type: 'counter', name: 'millrace_lists_published_total', unit: 'count', labels: { placement: ['next', 'discover', 'after-purchase'] }, help: 'Recommendation lists published.', doc: 'Compare with records, and with the notes list-silent, list-coalesced and list-too-old.' },
  listSeconds: { type: 'histogram', name: 'millrace_list_latency_seconds', unit: 'seconds', labels: {}, buckets: DURATION_BUCKETS, help: 'Time from the log taking an event to the log acknowledging its list.', doc: 'The freshness that users feel. Step times and lag say where it comes from.' },
});

/** Engine and handlers, measured: what they call, as metrics and log lines. */
export class EngineMetrics implements EngineObserver {
  readonly #metrics: ReturnType<typeof registerMetrics<typeof ENGINE_METRICS>>;
  readonly #logger: Logger;
  readonly #floodable: RateLimitedLogger;
  readonly #steps: Readonly<Record<Step, { observe(seconds: number): void }>>;
  readonly #notes = new Map<string, CounterChild>();
  readonly #alarmed = new Set<number>();
  readonly #claimed = new Set<number>();

  constructor(registry: MetricsRegistry, logger: Logger, floodable: RateLimitedLogger) {
    this.#metrics = registerMetrics(registry, ENGINE_METRICS);
    this.#logger = logger;
    this.#floodable = floodable;
    const { stepSeconds, notes } = this.#metrics;
    this.#steps = {
      load: stepSeconds.child({ step: 'load' }),
      fold: stepSeconds.child({ step: 'fold' }),
      journal: stepSeconds.child({ step: 'journal' }),
      announce: stepSeconds.child({ step: 'announce' }),
      commit: stepSeconds.child({ step: 'commit' }),
    };
    for (const note of NOTES) this.#notes.set(note, notes.child({ note }));
    this.#metrics.shards.child().set(0);
  }

  batch: EngineObserver['batch'] = (_shard, report) => {
    this.#metrics.records.child().inc(report.records);
    this.#metrics.batches.child({ kind: report.isRedo ? 'redo' : 'live' }).inc();
    this.#metrics.batchRecords.child().observe(report.records);
    this.#metrics.committedBytes.child().inc(report.bytesCommitted);
    this.#steps.load.observe(report.loadMs / 1_000);
    this.#steps.fold.observe(report.foldMs / 1_000);
    this.#steps.journal.observe(report.journalMs / 1_000);
    this.#steps.announce.observe(report.announceMs / 1_000);
    this.#steps.commit.observe(report.commitMs / 1_000);
  };

  note: EngineObserver['note'] = (name, count) => {
    const child = this.#notes.get(name);
    if (child === undefined) throw new RangeError(`The note "${name}" is not on the list; add it to PIPELINE_NOTES or FOLD_NOTES.`);
    child.inc(count);
  };

  /** A remark of the decoder's. */
  readonly decodingNote = (note: (typeof NOTE_NAMES)[number]): void => this.#metrics.decodingNotes.child({ note }).inc();

  deadLetter: EngineObserver['deadLetter'] = (topic, reason) => {
    const known = DEAD_LETTER_REASONS.find((listed) => listed === reason) ?? 'unreadable';
    this.#metrics.deadLetters.child({ reason: known }).inc();
    this.#floodable.warn('record.dead-letter', { topic, reason });
  };

  claimed: EngineObserver['claimed'] = (shard, { claimMs, redone }) => {
    this.#metrics.claims.child().inc();
    this.#metrics.claimSeconds.child().observe(claimMs / 1_000);
    this.#metrics.redone.child().inc(redone);
    this.#metrics.alarmed.child({ shard: shard.number }).set(0);
    this.#alarmed.delete(shard.number);
    this.#claimed.add(shard.number);
    this.#metrics.shards.child().set(this.#claimed.size);
    this.#logger.info('shard.claimed', { shard: shard.number, claimMs, redone });
  };

  dropped: EngineObserver['dropped'] = (shard, code, detail) => {
    this.#leave(shard);
    this.#metrics.drops.child({ code: dropCode(code) }).inc();
    this.#floodable.warn('shard.dropped', { shard: shard.number, code, detail });
  };

  alarm: EngineObserver['alarm'] = (shard, code, detail) => {
    this.#leave(shard);
    const known = alarmCode(code);
    this.#metrics.alarms.child({ code: known }).inc();
    this.#metrics.alarmed.child({ shard: shard.number }).set(1);
    this.#alarmed.add(shard.number);
    this.#logger.error('shard.alarm', { shard: shard.number, code, detail });
  };

  released: EngineObserver['released'] = (shard) => {
    this.#leave(shard);
    this.#alarmed.delete(shard.number);
    forgetShard(this.#metrics, shard.number);
    this.#logger.info('shard.released', { shard: shard.number });
  };

  lag: EngineObserver['lag'] = (shard, lagRecords, oldestWaitingMs, clockMs) => {
    const labels = { shard: shard.number };
    this.#metrics.lagRecords.child(labels).set(lagRecords.reduce((sum, records) => sum + records, 0));
    this.#metrics.waitingSeconds.child(labels).set(oldestWaitingMs / 1_000);
    this.#metrics.clockSeconds.child(labels).set(clockMs / 1_000);
  };

  /** A list was acknowledged. */
  readonly published = (placement: string, latencyMs: number): void => {
    this.#metrics.lists.child({ placement: placement as 'next' }).inc();
    this.#metrics.listSeconds.child().observe(latencyMs / 1_000);
  };

  /** Shards that stand still with an alarm, for readiness. */
  get alarmedShards(): readonly number[] {
    return [...this.#alarmed].sort((a, b) => a - b);
  }

  #leave(shard: ShardId): void {
    this.#claimed.delete(shard.number);
    this.#metrics.shards.child().set(this.#claimed.size);
  }
}

function dropCode(code: string): DropCode {
  return DROP_CODES.find((listed) => listed === code) ?? serverOf(code);
}

function alarmCode(code: string): AlarmCode {
  return ALARM_CODES.find((listed) => listed === code) ?? serverOf(code);
}

/** Codes of a server's own are counted under the server; the log line has the whole code. */
function serverOf(code: string): 'kafka' | 'redis' | 'other' {
  if (code.startsWith('kafka')) return 'kafka';
  return code.startsWith('redis') ? 'redis' : 'other';
}
