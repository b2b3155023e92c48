/** Configuration, logging, metrics, health and lifecycle of a process. */
export * from './config.ts';
export * from './config-fields.ts';
export * from './load-config-or-exit.ts';
export { environmentVariable, TOOL_VARIABLES, type ConfigOrigin, type Environment } from './config-sources.ts';
export * from './log-rate-limit.ts';
export * from './logger.ts';
export * from './logging.ts';
export * from './metric-definition.ts';
export * from './metrics.ts';
export * from './health.ts';
export * from './health-server.ts';
export * from './lifecycle.ts';
