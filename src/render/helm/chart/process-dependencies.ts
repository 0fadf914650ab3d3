import { type Notify, warning } from '../notice.js';
import { sprintValue } from '../template/print.js';
import { deepCopy } from '../functions/dicts.js';
import { goQuote } from '../template/quote.js';
import { stringMap, type GoMap, type Value } from '../template/values.js';
import { coalesceTables, mergeChartValues, seenValues, tableAt, valueAt } from '../values/coalesce.js';
import { isCompatible } from '../versions/constraint.js';
import type { Chart } from './chart.js';
import type { Dependency } from './metadata.js';

/** Drops the subcharts that conditions and tags turn off, makes those of aliases, and imports values. */
export const processDependencies = (chart: Chart, values: GoMap, notify: Notify): void => {
  enableDependencies(chart, values, '', notify);
  importValues(chart, notify);
};

const enableDependencies = (chart: Chart, values: GoMap, path: string, notify: Notify): void => {
  const wanted = chart.metadata.dependencies?.filter((dependency) => dependency !== null);
  if (wanted === undefined) return;
  chart.dependencies = [...unlisted(chart, wanted), ...wanted.flatMap((dependency) => aliased(chart, dependency))];
  for (const dependency of wanted) {
    if (dependency.alias !== '') dependency.name = dependency.alias;
    dependency.enabled = true;
  }
  const seen = seenValues(chart, values, notify);
  for (const dependency of wanted) applyTags(dependency, seen, notify);
  for (const dependency of wanted) applyCondition(dependency, seen, path, notify);
  const removed = new Set(wanted.filter(({ enabled }) => !enabled).map(({ name }) => name));
  const kept = chart.dependencies.filter(({ name }) => !removed.has(name));
  for (const subchart of kept) enableDependencies(subchart, seen, `${path}${subchart.name}.`, notify);
  chart.metadata.dependencies = wanted.filter(({ name }) => !removed.has(name));
  chart.dependencies = kept;
};

/** Subcharts in `charts/` that Chart.yaml does not name. */
const unlisted = (chart: Chart, wanted: readonly Dependency[]): readonly Chart[] =>
  chart.dependencies.filter(
    (existing) =>
      !wanted.some(({ name, version }) => existing.name === name && isCompatible(version, existing.metadata.version)),
  );

const aliased = (chart: Chart, dependency: Dependency): Chart[] => {
  const found = chart.dependencies.find(
    (existing) => existing.name === dependency.name && isCompatible(dependency.version, existing.metadata.version),
  );
  if (found === undefined) return [];
  const copy = found.clone();
  if (dependency.alias !== '') copy.metadata.name = dependency.alias;
  return [copy];
};

const applyTags = (dependency: Dependency, values: GoMap, notify: Notify): void => {
  const tags = tableAt(values, 'tags');
  if (tags === undefined) return;
  let hasTrue = false;
  let hasFalse = false;
  for (const tag of dependency.tags) {
    if (!tags.has(tag)) continue;
    const value = tags.get(tag);
    if (typeof value !== 'boolean')
      notify(warning('returned non-bool value', ['tag', tag], ['chart', dependency.name]));
    else if (value) hasTrue = true;
    else hasFalse = true;
  }
  dependency.enabled = hasTrue || !hasFalse;
};

const applyCondition = (dependency: Dependency, values: GoMap, path: string, notify: Notify): void => {
  for (const condition of dependency.condition.trim().split(',')) {
    if (condition === '') continue;
    const found = valueAt(values, path + condition);
    if (found === undefined) continue;
    if (typeof found.value === 'boolean') {
      dependency.enabled = found.value;
      return;
    }
    notify(warning('returned non-bool value', ['path', condition], ['chart', dependency.name]));
  }
};

/** The first name in a path that is no table; undefined where all are. */
const notATable = (values: GoMap, path: string): string | undefined => {
  let table: Value = values;
  for (const name of path.split('.')) {
    table = table instanceof Map ? table.get(name) : undefined;
    if (!(table instanceof Map)) return name;
  }
  return undefined;
};

const importValues = (chart: Chart, notify: Notify): void => {
  for (const subchart of chart.dependencies) importValues(subchart, notify);
  const dependencies = chart.metadata.dependencies?.filter((dependency) => dependency !== null);
  if (dependencies === undefined) return;
  if (dependencies.every(({ importValues: entries }) => entries.length === 0)) {
    chart.values = mergeChartValues(chart, notify, true);
    return;
  }
  const seen = mergeChartValues(chart, notify, false);
  const imported: GoMap = new Map();
  for (const dependency of dependencies) {
    dependency.importValues = dependency.importValues.flatMap((entry) =>
      importEntry(entry, dependency, seen, imported, notify),
    );
  }
  chart.values = coalesceTables(deepCopy(seen) as GoMap, imported, '', { merge: true, notify });
};

/** Adds one `import-values` entry; answers the entry in the form that `.Chart.Dependencies` shows. */
const importEntry = (entry: Value, dependency: Dependency, seen: GoMap, imported: GoMap, notify: Notify): Value[] => {
  const [child, parent] =
    entry instanceof Map
      ? [sprintValue(entry.get('child')), sprintValue(entry.get('parent'))]
      : typeof entry === 'string'
        ? [`exports.${entry}`, '.']
        : [];
  if (child === undefined || parent === undefined) return [];
  const path = `${dependency.name}.${child}`;
  const table = tableAt(seen, path);
  if (table === undefined) {
    const reason = `${goQuote(notATable(seen, path) ?? '')} is not a table`;
    if (typeof entry === 'string') notify(warning('ImportValues missing table', ['error', reason]));
    else notify(warning('ImportValues missing table from chart', ['chart', dependency.name], ['error', reason]));
  } else {
    coalesceTables(imported, under(parent, table), '', { merge: true, notify });
  }
  return [
    stringMap([
      ['child', child],
      ['parent', parent],
    ]),
  ];
};

/** The table at a path: `a.b` gives `{a: {b: table}}`. */
const under = (path: string, table: GoMap): GoMap => {
  if (path === '.') return table;
  return path.split('.').reduceRight<GoMap>((inner, name) => new Map([[name, inner]]), table);
};
