export * from './evaluation/index.ts';
export * from './fold-parameters.ts';
export * from './pairs/index.ts';
export * from './profile/index.ts';
export * from './rules/index.ts';
