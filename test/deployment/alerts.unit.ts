import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_METRICS } from '@millrace/pipeline';
import type { MetricDefinition } from '@millrace/runtime';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { yamlDocuments } from './deployment-files.ts';
import { RULES_PATH } from './manifests.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

const TESTS_PATH = 'k8s/monitoring/rules.test.yaml';
const rules = (yamlDocuments(RULES_PATH) as unknown as [{ groups: { rules: Rule[] }[] }])[0].groups.flatMap((group) => group.rules);
const metrics = new Map(Object.values<MetricDefinition>(ENGINE_METRICS).map((metric) => [metric.name, metric]));

/** The metric that a series is of: a histogram has three. */
function metricOf(series: string): MetricDefinition | undefined {
  const histogram = metrics.get(series.replace(/_(bucket|sum|count)$/, ''));
  return metrics.get(series) ?? (histogram?.type === 'histogram' ? histogram : undefined);
}

describe.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (alert, { expr, labels, annotations }) => {
  test('looks at metrics that exist, and at values of labels that they can have', () => {
    const selectors = [...expr.matchAll(/\b(millrace_[a-z_]+)(?:\{([^}]*)\})?/g)];
    expect(selectors.length).toBeGreaterThan(0);
    for (const [, series = '', matchers = ''] of selectors) {
      const metric = metricOf(series);
      expect(metric, `${series} is no metric of ours`).toBeDefined();
      for (const [, label = '', value = ''] of matchers.matchAll(/(\w+)=~?"([^"]*)"/g)) {
        const allowed = label === 'stream' ? ['user-stream', 'item-stream'] : metric!.labels[label];
        for (const word of value.split('|')) expect(allowed, `${series} has no ${label}="${word}"`).toContain(word);
      }
    }
  });

  test('says how bad it is, what happened, and which page helps', () => {
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook', 'summary']);
    expect(existsSync(join(ROOT, annotations.runbook!))).toBe(true);
  });

  test('is tested', () => {
    expect(JSON.stringify(yamlDocuments(TESTS_PATH))).toContain(alert);
  });
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;

test.skipIf(!promtool)(`promtool sees each alert fire, and stay silent${promtool ? '' : ' (skipped: promtool is not installed)'}`, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', TESTS_PATH], { cwd: ROOT, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
});
