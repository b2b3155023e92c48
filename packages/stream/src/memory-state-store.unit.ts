import { stateStoreSuite } from './behaviour/state-store.suite.ts';
import { MemoryStateStore } from './memory-state-store.ts';

stateStoreSuite('in-memory twin', async () => {
  const store = new MemoryStateStore();
  return { store, other: store, release: async () => undefined };
});
