export * from './pair-rules.ts';
