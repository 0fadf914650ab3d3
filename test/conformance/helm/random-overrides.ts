import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadValues } from '../../../src/render/helm/chart/load-values.js';
import { Integer, type Value } from '../../../src/render/helm/template/values.js';

/** Numbers between 0 and 1 that are the same for the same seed. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

interface Leaf {
  readonly path: string;
  readonly name: string;
  readonly value: Value;
}

const MAX_DEPTH = 6;

/** Everything in the values that is not a map with something in it. */
const leavesOf = (value: Value, path: string, name: string, depth: number): Leaf[] => {
  if (!(value instanceof Map) || value.size === 0 || depth > MAX_DEPTH) return [{ path, name, value }];
  return [...value].flatMap(([key, item]) => {
    const step = key.replaceAll(/[\\.,=[\]{}]/g, '\\$&');
    return leavesOf(item, path === '' ? step : `${path}.${step}`, key, depth + 1);
  });
};

const TEXTS = [
  'x',
  '',
  'a: b',
  '123',
  'true',
  '0x1F',
  '1e3',
  'ünï',
  '{{ .Release.Name }}-t',
  'two\nlines',
  ' pad ',
  '"',
];
const LISTS = [
  '[]',
  '[{"name":"a","value":"b"}]',
  '["a","b"]',
  '[1,2.5,null]',
  '[{"host":"h","paths":[{"path":"/"}]}]',
];
const MAPS = ['{"a":"b"}', '{"a":{"b":1}}', '{"enabled":true}', '{"requests":{"cpu":"1","memory":"2Gi"}}'];
const NUMBERS = ['0', '3', '-1', '1000000', '2147483648', '0.5'];
const FLAGS = [
  ['--is-upgrade'],
  ['--kube-version', '1.19.3'],
  ['--kube-version', 'v1.25.0'],
  ['--kube-version', '1.31'],
  ['--namespace', 'other'],
  ['-a', 'monitoring.coreos.com/v1,cert-manager.io/v1'],
  ['-a', 'route.openshift.io/v1', '-a', 'policy/v1beta1/PodDisruptionBudget'],
  ['--set', 'nameOverride=named'],
  ['--set', 'fullnameOverride=wholly'],
  ['--skip-tests'],
  ['--no-hooks'],
];

/** The flags that change one value, mostly into another of its kind. */
const changeOf = ({ path, name, value }: Leaf, random: () => number): string[] => {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  if (random() < 0.06) return ['--set', `${path}=null`];
  if (random() < 0.05) return ['--set-string', `${path}=text`];
  if (random() < 0.04) return ['--set-json', `${path}=${pick([...LISTS, ...MAPS])}`];
  if (typeof value === 'boolean') return ['--set', `${path}=${name.startsWith('enable') ? 'true' : String(!value)}`];
  if (typeof value === 'number' || value instanceof Integer) return ['--set', `${path}=${pick(NUMBERS)}`];
  if (value instanceof Map) return ['--set-json', `${path}=${pick(MAPS)}`];
  if (typeof value === 'object' && value !== null) return ['--set-json', `${path}=${pick(LISTS)}`];
  return ['--set-json', `${path}=${JSON.stringify(pick(TEXTS))}`];
};

const valuesOf = (chart: string): Value => {
  const file = join(chart, 'values.yaml');
  try {
    return existsSync(file) ? loadValues(readFileSync(file)) : new Map();
  } catch {
    return new Map();
  }
};

/** Flags for a number of runs of a chart: the first two turn every `enabled` on, and off; the others are random. */
export const randomOverrides = (chart: string, count: number, seed: number): string[][] => {
  const leaves = leavesOf(valuesOf(chart), '', '', 0).filter(({ path }) => path !== '');
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const runs: string[][] = [];
  for (const isOn of [false, true]) {
    const switches = leaves.filter(({ name, value }) => name === 'enabled' && value === isOn);
    if (runs.length < count && switches.length > 0) {
      runs.push(switches.flatMap(({ path }) => ['--set', `${path}=${String(!isOn)}`]));
    }
  }
  while (runs.length < count) {
    const flags = random() < 0.4 ? [...(pick(FLAGS) ?? [])] : [];
    const changes = 1 + Math.floor(random() * 4);
    for (let i = 0; i < changes; i++) {
      // Half of the changes turn a switch: that is where the branches are.
      const leaf = random() < 0.5 ? pick(leaves.filter(({ value }) => typeof value === 'boolean')) : pick(leaves);
      if (leaf !== undefined) flags.push(...changeOf(leaf, random));
    }
    runs.push(flags);
  }
  return runs;
};
