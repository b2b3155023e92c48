export {
  denseBaskets,
  generatedLoad,
  interleavedSessions,
  sessionSource,
  shopSessions,
  type GeneratedLoadOptions,
  type InterleavedSessionsOptions,
  type SessionSource,
} from './bench-loads.ts';
export { interleave, LOAD_START_MS, type InterleaveOptions, type LoadItem, type LoadSession } from './interleave.ts';
export { fillTopics, type Filled, type FillOptions } from './fill-topics.ts';
export { PaceSchedule, SendLedger, sendPaced, type Paced, type PaceClock, type PacedOptions } from './pace.ts';
export { avroRecords, jsonRecord } from './wire-records.ts';
