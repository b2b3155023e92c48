/** The user-stream worker: folds what users do into profiles in Redis, and answers each event with a list. */
import { DEFAULT_FOLD_PARAMETERS, DEFAULT_NEIGHBOUR_CACHE_LIMITS } from '@millrace/algorithms';
import { ListRenderer, runStreamProcess, USER_STREAM_CONFIG, UserStream } from '@millrace/pipeline';
import { loadConfigOrExit } from '@millrace/runtime';

const MAX_AVAILABILITIES = 200_000;

const config = loadConfigOrExit(USER_STREAM_CONFIG, { env: process.env });

await runStreamProcess({
  service: 'user-stream',
  schema: USER_STREAM_CONFIG,
  config,
  ticks: true,
  makeHandler: ({ wire, store, metrics }) => {
    const renderer = new ListRenderer(store, config.shards, DEFAULT_FOLD_PARAMETERS, {
      ...DEFAULT_NEIGHBOUR_CACHE_LIMITS,
      rowMaxAgeMs: config['neighbours.rowMaxAgeMs'],
      totalsMaxAgeMs: config['neighbours.totalsMaxAgeMs'],
      catalogMaxAgeMs: config['catalog.maxAgeMs'],
      maxAvailabilities: MAX_AVAILABILITIES,
    });
    return new UserStream({
      ...wire,
      renderer,
      itemShards: config.shards,
      lists: { length: config['lists.length'], maxAgeMs: config['lists.maxAgeMs'] },
      listObserver: metrics,
    });
  },
});
