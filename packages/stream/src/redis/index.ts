/** The state store on Redis, and what it takes to connect to one. */
export { describeAddress, parseRedisAddress, type RedisAddress } from './redis-address.ts';
export { checkRedis, parseInfo, type RedisFinding } from './redis-check.ts';
export { connectRedis, RedisConnection, type RedisConnectOptions } from './redis-connection.ts';
export { redisError } from './redis-errors.ts';
export { RedisStateStore } from './redis-state-store.ts';
