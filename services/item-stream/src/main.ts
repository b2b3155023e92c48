/** The item-stream worker: folds item evidence and the catalog into item rows in Redis. */
import { ITEM_STREAM_CONFIG, ItemStream, runStreamProcess, USER_STREAM_CONFIG } from '@millrace/pipeline';
import { loadConfigOrExit } from '@millrace/runtime';

// The same file and environment may serve both streams; what only the other one reads is no mistake.
const config = loadConfigOrExit(ITEM_STREAM_CONFIG, { env: process.env, foreignKeys: Object.keys(USER_STREAM_CONFIG) });

await runStreamProcess({
  service: 'item-stream',
  schema: ITEM_STREAM_CONFIG,
  config,
  ticks: false,
  makeHandler: ({ wire }) => new ItemStream(wire),
});
