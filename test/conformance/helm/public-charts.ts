/**
 * Compares every chart below a folder with helm: `tsx test/conformance/helm/public-charts.ts FOLDER`. Prints what
 * differs, and how many were equal, refused equally or different.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { realTool } from '../../components/components.js';
import { areEqualMasked, type Case, type Outcome, runFairlead, runHelm } from './helm-runs.js';

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

const casesOf = (chart: string): Case[] => {
  const folder = join(chart, 'ci');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)) : [];
  return [{ chart }, ...files.map((file) => ({ chart, valueFiles: [join(folder, file)] }))];
};

const compare = async (helm: string, each: Case, root: string): Promise<Verdict> => {
  const [expected, found] = [await runHelm(helm, each), await runFairlead(each, root)];
  if ('refusal' in expected || 'refusal' in found)
    return sameRefusal(expected, found) ? 'refused equally' : 'different';
  if (expected.output === found.output) return 'equal';
  // Random values need not differ in each line in each run.
  for (let turn = 0; turn < 3; turn++) {
    const again = await runHelm(helm, each);
    if ('output' in again && areEqualMasked(expected.output, again.output, found.output))
      return 'equal where helm agrees with itself';
  }
  return 'different';
};

const sameRefusal = (a: Outcome, b: Outcome): boolean => 'refusal' in a && 'refusal' in b && a.refusal === b.refusal;

const root = resolve(argv[2] ?? '.');
const helm = await realTool('helm');
const tally = new Map<Verdict, number>();
for (const each of chartsBelow(root).flatMap(casesOf)) {
  const verdict = await compare(helm, each, root);
  tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
  if (verdict === 'different') console.log(`different: ${each.chart} ${each.valueFiles?.join(' ') ?? ''}`);
}
console.log(Object.fromEntries(tally));
