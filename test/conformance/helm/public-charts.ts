/**
 * Compares every chart below a folder with helm, with its values, with those of its `ci/` folder and with random
 * overrides: `tsx test/conformance/helm/public-charts.ts FOLDER [--overrides COUNT] [--seed NUMBER]`. Prints what
 * differs, and how many were equal, refused equally or different.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { realTool } from '../../components/components.js';
import { type Case, type Outcome, runFairlead, runHelm } from './helm-runs.js';
import { areEqualMasked } from './masking.js';
import { randomOverrides } from './random-overrides.js';

type Verdict = 'equal' | 'equal where helm agrees with itself' | 'refused equally' | 'different';

const chartsBelow = (folder: string): string[] => {
  const found = existsSync(join(folder, 'Chart.yaml')) ? [folder] : [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'templates' && !(found.length > 0 && entry.name === 'charts')) {
      found.push(...chartsBelow(join(folder, entry.name)));
    }
  }
  return found;
};

const casesOf = (chart: string, overrides: number, seed: number): Case[] => {
  const folder = join(chart, 'ci');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)) : [];
  return [
    { chart },
    ...files.map((file) => ({ chart, valueFiles: [join(folder, file)] })),
    ...randomOverrides(chart, overrides, seed).map((flags) => ({ chart, flags })),
  ];
};

const refusalsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap((outcome) => ('refusal' in outcome ? [outcome.refusal] : []));

/** Go walks maps in a random order: where helm words a refusal differently each time, the order of its words is free. */
const isSameRefusal = (runs: readonly string[], ours: string): boolean => {
  const sorted = (text: string): string =>
    text
      .split(/[\n,]\s*|\s+/)
      .sort()
      .join(' ');
  return runs.includes(ours) || (new Set(runs).size > 1 && runs.some((text) => sorted(text) === sorted(ours)));
};

const RUNS = 5;

const compare = async (helm: string, each: Case): Promise<Verdict> => {
  const found = await runFairlead(each).catch(
    (error: unknown): Outcome => ({ refusal: `thrown: ${String(error)}`, said: [] }),
  );
  const runs: Outcome[] = [];
  while (runs.length < RUNS) {
    runs.push(await runHelm(helm, each));
    if (runs[0]?.said.join('\n') !== found.said.join('\n')) return 'different';
    const outputs = runs.flatMap((run) => ('output' in run ? [run.output] : []));
    if ('refusal' in found) {
      if (isSameRefusal(refusalsOf(runs), found.refusal)) return 'refused equally';
    } else if (outputs.includes(found.output)) return 'equal';
    else if (outputs.length > 1 && areEqualMasked(outputs, found.output)) return 'equal where helm agrees with itself';
    else if (runs.length === 2 && JSON.stringify(runs[0]) === JSON.stringify(runs[1])) break;
  }
  return 'different';
};

const { values, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: { overrides: { type: 'string', default: '0' }, seed: { type: 'string', default: '1' } },
});
process.env['TZ'] = 'UTC';
const helm = await realTool('helm');
const tally = new Map<Verdict, number>();
const charts = chartsBelow(resolve(positionals[0] ?? '.'));
for (const [i, chart] of charts.entries()) {
  for (const each of casesOf(chart, Number(values.overrides), Number(values.seed) * 100_003 + i)) {
    const verdict = await compare(helm, each);
    tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
    if (verdict === 'different') {
      const words = [chart, ...(each.valueFiles ?? []).flatMap((file) => ['-f', file]), ...(each.flags ?? [])];
      console.log(`different: ${words.map((word) => (/[^\w./=:-]/.test(word) ? `'${word}'` : word)).join(' ')}`);
    }
  }
}
console.log(JSON.stringify({ charts: charts.length, ...Object.fromEntries(tally) }));
