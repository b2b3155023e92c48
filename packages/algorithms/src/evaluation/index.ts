/** Evaluation of recommendations: metrics, what they are sure of, the models that TIX is compared with, and TIX itself. */
export { CASE_METRICS, type CaseMetric, type CaseScores, CaseTable, LENGTH_BUCKETS, type LengthBucket, scoreCase } from './case-scores.ts';
export { concentrationCurve, gini, ItemViews, listStatistics, type ListStatistics, longTail, RecommendedItems } from './list-statistics.ts';
export { type BasketModel, basketModelOf, type NextItemModel, type ScoredItem, type Visit } from './next-item-model.ts';
export { PairWorld, SessionTrail } from './pair-world.ts';
export { PopularityModel } from './popularity-model.ts';
export { RecentModel } from './recent-model.ts';
export { bootstrapMean, type ClusterSums, comparePaired, type Estimate, type PairedComparison, quantile, sumByCluster, type Uniform } from './resampling.ts';
export { AssociationRulesModel, DISTANCE_WEIGHTS, type DistanceWeighting, ItemKnnModel, SequentialRulesModel } from './rule-models.ts';
export { SessionKnnModel, type SessionKnnSettings, SKNN, VSKNN_RETAILROCKET, VSKNN_RSC15 } from './session-knn-model.ts';
export { TixBasketModel, TixModel, type TixSettings } from './tix-model.ts';
