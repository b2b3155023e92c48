export * from './data-sets.ts';
export * from './load/index.ts';
export { SeededRandom } from './seeded-random.ts';
export * from './shop/index.ts';
