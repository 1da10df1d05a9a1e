import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { countProcess, registry } from '#observability/metrics.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');

type Rule = {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
};
type Panel = { title: string; type: string; targets?: { expr: string }[] };

const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/frontrow.json')) as { panels: Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

type Metric = { name: string; help: string; type: string; labelNames?: readonly string[] };
let metrics: Metric[];
beforeAll(async () => {
  // Each file that defines metrics belongs to some process.
  for (const file of readdirSync(resolve(root, 'src/observability')))
    if (/^(.*-metrics|samplers|dependencies)\.ts$/.test(file)) await import(resolve(root, 'src/observability', file));
  countProcess();
  metrics = registry.getMetricsAsArray() as unknown as Metric[];
});

/** Names of metrics in an expression of PromQL; the parts of a histogram become its name. */
function metricsOf(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}/g, '');
  const names = bare.match(/\b(?:frontrow|nodejs|process)_[a-z0-9_]+\b/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

/** Checks that brackets and quotes are in pairs and that no character is foreign to PromQL; promtool checks more. */
function looksLikePromql(expression: string): boolean {
  const open: string[] = [];
  const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
  for (const sign of expression.replaceAll(/"[^"]*"/g, '""')) {
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in pairs && open.pop() !== pairs[sign]) return false;
  }
  return open.length === 0 && (expression.match(/"/g)?.length ?? 0) % 2 === 0 && !/[;@#`\\]/.test(expression);
}

describe('each alert', () => {
  test('has a name of its own, a severity, a summary, and a delay', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.alert).toMatch(/^Frontrow[A-Z]\w+$/);
      expect(['critical', 'warning']).toContain(rule.labels.severity);
      expect(rule.for, rule.alert).toMatch(/^\d+m$/);
      expect(rule.annotations.summary.length, rule.alert).toBeGreaterThan(10);
    }
  });

  test('has a runbook, which names it', () => {
    for (const { alert, annotations } of rules) {
      expect(existsSync(resolve(root, annotations.runbook_url)), annotations.runbook_url).toBe(true);
      expect(read(annotations.runbook_url), alert).toContain(`\`${alert}\``);
    }
  });
});

test('alerts and dashboard use existing metrics, in readable expressions', () => {
  const known = new Set(metrics.map(({ name }) => name));
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
  expect(expressions.length).toBeGreaterThan(50);
  for (const expression of expressions) {
    expect(looksLikePromql(expression), expression).toBe(true);
    const asked = metricsOf(expression);
    if (!/\bup\b/.test(expression)) expect(asked.length, expression).toBeGreaterThan(0);
    expect(
      asked.filter((name) => !known.has(name)),
      expression,
    ).toEqual([]);
  }
  expect(looksLikePromql('sum(rate(x[5m])')).toBe(false);
});

test('alerts and dashboard use existing labels of their metrics', () => {
  const labelsOf = new Map(metrics.map(({ name, labelNames = [] }) => [name, labelNames]));
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
  for (const expression of expressions)
    for (const [, name = '', labels = ''] of expression.matchAll(/\b(frontrow_[a-z0-9_]+)\{([^}]*)\}/g))
      for (const [, label = ''] of labels.matchAll(/(\w+)(?:=~|!~|!=|=)"/g))
        expect(labelsOf.get(name.replace(/_(bucket|sum|count)$/, '')), `${label} of ${name}`).toContain(label);
});

test('the reference lists every metric of Frontrow with its type, labels and meaning, and no other', () => {
  const rows = metrics
    .filter(({ name }) => name.startsWith('frontrow_'))
    .map(({ name, type, labelNames = [], help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll('|', '\\|')} |`.replaceAll(/ +/g, ' ');
    })
    .sort();
  const page = read('docs/reference/metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `frontrow_'))
    .map((line) => line.replaceAll(/ +/g, ' '));
  expect(page).toEqual(rows);
});
