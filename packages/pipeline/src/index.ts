export * from './keys.ts';
export * from './schema-prefix.ts';
export * from './item/catalog-facts.ts';
export * from './item/item-stream.ts';
export * from './item/sources.ts';
export * from './user/list-memo.ts';
export * from './user/list-renderer.ts';
export * from './user/user-stream.ts';
