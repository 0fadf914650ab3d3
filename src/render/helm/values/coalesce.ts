import type { Chart } from '../chart/chart.js';
import { ChartError } from '../chart/chart-error.js';
import { deepCopy } from '../functions/dicts.js';
import { info, type Notify } from '../notice.js';
import { sprintValue } from '../template/print.js';
import { goQuote } from '../template/quote.js';
import type { GoMap, Value } from '../template/values.js';

/** What is the same all the way down. `merge` keeps nulls, which without it delete keys. */
interface TableWay {
  readonly merge: boolean;
  readonly notify: Notify;
}

interface Way extends TableWay {
  /** Whether the result may share what nothing of it changes with the charts' values: then it is only to be read. */
  readonly isShared: boolean;
}

/** Helm prints these without a level, which its log takes for information. */
const say = ({ notify }: TableWay, message: string): void => notify(info(message));
const isNil = (value: Value): boolean => value === null || value === undefined;
const concat = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
const copyMap = (map: GoMap): GoMap => deepCopy(map) as GoMap;

/** A map with copies of those values that coalescing changes: what is merged with `other`, subcharts' values, globals. */
const copyTouched = (map: GoMap, other: GoMap, chart: Chart): GoMap => {
  const copy: GoMap = new Map(map);
  const touched = new Set([...other.keys(), 'global', ...chart.dependencies.map(({ name }) => name)]);
  for (const key of touched) if (copy.get(key) instanceof Map) copy.set(key, deepCopy(copy.get(key)));
  return copy;
};

/** The values that a chart and its subcharts see: the given ones over those of the charts. Nulls delete. */
export const coalesceValues = (chart: Chart, values: GoMap, notify: Notify): GoMap =>
  coalesce(chart, copyMap(values), '', { merge: false, isShared: false, notify });

/** As {@link coalesceValues}, for whoever only reads the result: copies no more than what is merged. */
export const seenValues = (chart: Chart, values: GoMap, notify: Notify): GoMap =>
  coalesce(chart, copyTouched(values, chart.values, chart), '', { merge: false, isShared: true, notify });

/** The values of the charts themselves, in which nulls stay. `isShared` as in {@link seenValues}. */
export const mergeChartValues = (chart: Chart, notify: Notify, isShared: boolean): GoMap =>
  coalesce(chart, new Map(), '', { merge: true, isShared, notify });

const coalesce = (chart: Chart, target: GoMap, prefix: string, way: Way): GoMap => {
  addChartValues(chart, target, prefix, way);
  for (const subchart of chart.dependencies) {
    const own = target.get(subchart.name);
    if (!target.has(subchart.name)) target.set(subchart.name, new Map());
    else if (!(own instanceof Map)) throw new ChartError(`type mismatch on ${subchart.name}: ${mismatch(own)}`);
    const values = target.get(subchart.name) as GoMap;
    const inner = concat(prefix, chart.name);
    addGlobals(values, target, inner, way);
    target.set(subchart.name, coalesce(subchart, values, inner, way));
  }
  return target;
};

/** Helm prints the value with `%t`. */
const mismatch = (value: Value): string => {
  if (typeof value === 'boolean') return String(value);
  if (isNil(value)) return '%!t(<nil>)';
  const type = typeof value === 'string' ? 'string' : typeof value === 'number' ? 'float64' : '[]interface {}';
  return `%!t(${type}=${sprintValue(value)})`;
};

const addGlobals = (target: GoMap, source: GoMap, prefix: string, way: Way): void => {
  const to = target.has('global') ? target.get('global') : new Map<string, Value>();
  if (!(to instanceof Map)) return say(way, 'warning: skipping globals because destination global is not a table.');
  const from = source.has('global') ? source.get('global') : new Map<string, Value>();
  if (!(from instanceof Map)) return say(way, 'warning: skipping globals because source global is not a table.');
  for (const [key, value] of from) addGlobal(to, key, value, prefix, way);
  target.set('global', to);
  return undefined;
};

const addGlobal = (to: GoMap, key: string, value: Value, prefix: string, way: Way): void => {
  const own = to.get(key);
  if (value instanceof Map) {
    const copy: GoMap = new Map(value);
    if (!to.has(key)) {
      to.set(key, copy);
    } else if (own instanceof Map) {
      coalesceTables(copy, own, concat(prefix, key), { ...way, merge: true });
      to.set(key, copy);
    } else {
      say(way, `Conflict: cannot merge map onto non-map for ${goQuote(key)}. Skipping.`);
    }
  } else if (own instanceof Map) {
    say(way, `key ${key} is table. Skipping`);
  } else {
    to.set(key, value);
  }
};

const addChartValues = (chart: Chart, target: GoMap, prefix: string, way: Way): void => {
  const inner = concat(prefix, chart.name);
  const own = way.isShared ? copyTouched(chart.values, target, chart) : copyMap(chart.values);
  for (const [key, value] of own) {
    if (!target.has(key)) {
      target.set(key, value);
      continue;
    }
    const above = target.get(key);
    if (isNil(above) && !way.merge) {
      target.delete(key);
    } else if (above instanceof Map) {
      if (value instanceof Map) {
        const isSubchart = chart.dependencies.some(({ name }) => name === key);
        coalesceTables(above, value, concat(inner, key), { ...way, merge: way.merge || isSubchart });
      } else if (!isNil(value)) {
        say(way, `warning: skipped value for ${inner}.${key}: Not a table.`);
      }
    }
  }
};

/** Adds to `target` what only `source` has, table by table. Changes both. */
export const coalesceTables = (target: GoMap, source: GoMap, prefix: string, way: TableWay): GoMap => {
  const deleted = new Set<string>();
  for (const [key, value] of target) {
    if (!isNil(value)) continue;
    if (!isNil(source.get(key))) deleted.add(key);
    source.set(key, null);
  }
  for (const [key, value] of source) {
    const has = target.has(key);
    const own = target.get(key);
    const name = concat(prefix, key);
    if (has && !way.merge && deleted.has(key)) {
      target.delete(key);
    } else if (!has) {
      target.set(key, value);
    } else if (value instanceof Map) {
      if (own instanceof Map) coalesceTables(own, value, name, way);
      else say(way, `warning: cannot overwrite table with non table for ${name} (${sprintValue(value)})`);
    } else if (own instanceof Map && !isNil(value)) {
      say(way, `warning: destination for ${name} is a table. Ignoring non-table value (${sprintValue(value)})`);
    }
  }
  return target;
};

/** The table at `a.b.c`; undefined where there is none. */
export const tableAt = (values: GoMap, path: string): GoMap | undefined => {
  let table: Value = values;
  for (const name of path.split('.')) {
    if (!(table instanceof Map)) return undefined;
    table = table.get(name);
  }
  return table instanceof Map ? table : undefined;
};

/** The value, no table, at `a.b.c`; undefined where there is none. */
export const valueAt = (values: GoMap, path: string): { readonly value: Value } | undefined => {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const table = names.length === 0 ? values : tableAt(values, names.join('.'));
  if (table === undefined || !table.has(last)) return undefined;
  const value = table.get(last);
  return value instanceof Map ? undefined : { value };
};
