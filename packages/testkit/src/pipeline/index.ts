export * from './service-processes.ts';
export * from './shard-progress.ts';
