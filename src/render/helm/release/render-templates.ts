import type { Chart } from '../chart/chart.js';
import { ChartError } from '../chart/chart-error.js';
import { chartFiles } from '../chart/chart-files.js';
import { metadataMap } from '../chart/metadata.js';
import { FUNCTIONS } from '../functions/function-table.js';
import type { Outside } from '../functions/lookups.js';
import { basePath } from '../functions/paths.js';
import { compileTemplates } from '../template/compile.js';
import { GoError } from '../template/errors.js';
import {
  type CompiledTemplate,
  DEFAULT_LIMITS,
  execute,
  type Limits,
  Run,
  TemplateSet,
} from '../template/execution.js';
import { compareStrings, fromBytes } from '../template/go-string.js';
import type { GoMap, Value } from '../template/values.js';
import { asValues, namedValues } from '../template/values-methods.js';
import { tableAt } from '../values/coalesce.js';
import { execFailure, parseFailure } from './template-failure.js';

interface Renderable {
  readonly bytes: Uint8Array;
  readonly data: GoMap;
  readonly basePath: string;
}

/** `.Values`, `.Release` and `.Capabilities` of the chart at the top. */
export interface RenderData {
  readonly values: GoMap;
  readonly release: Value;
  readonly capabilities: Value;
}

/** Everything that one chart's templates see, and those of its subcharts below it. */
const collect = (chart: Chart, top: RenderData, values: GoMap, into: Map<string, Renderable>): GoMap => {
  const subcharts: GoMap = new Map();
  const metadata = metadataMap(chart.metadata);
  metadata.set('IsRoot', chart.parent === undefined);
  const data = namedValues([
    ['Chart', metadata],
    ['Files', chartFiles(chart.files)],
    ['Release', top.release],
    ['Capabilities', top.capabilities],
    ['Values', values],
    ['Subcharts', subcharts],
  ]);
  for (const child of chart.dependencies) {
    // The very table in the parent's values: a template that changes it changes both.
    subcharts.set(child.name, collect(child, top, asValues(tableAt(values, child.name) ?? new Map()), into));
  }
  const { fullPath } = chart;
  for (const { name, data: bytes } of chart.templates) {
    // A library chart has nothing but partials.
    if (chart.isLibrary && !basePath(name).startsWith('_')) continue;
    into.set(`${fullPath}/${name}`, { bytes, data, basePath: `${fullPath}/templates` });
  }
  return data;
};

/** Deeper paths first, so that those of the chart itself win where two define the same template. */
const byDepth = (paths: Iterable<string>): string[] =>
  Array.from(paths, (path) => ({ path, depth: path.split('/').length }))
    .sort((a, b) => b.depth - a.depth || compareStrings(b.path, a.path))
    .map(({ path }) => path);

type Compiled = readonly CompiledTemplate[];

const MAX_CACHED = 10_000;
const byText = new Map<string, Compiled>();
/** A chart that is kept has the same bytes in each render: they are not even decoded again. */
const byBytes = new WeakMap<Uint8Array, Map<string, Compiled>>();

/** Templates are compiled once for each name and text. */
const compileCached = (name: string, bytes: Uint8Array): Compiled => {
  let named = byBytes.get(bytes);
  if (named === undefined) byBytes.set(bytes, (named = new Map()));
  let compiled = named.get(name);
  if (compiled === undefined) named.set(name, (compiled = compileText(name, fromBytes(bytes))));
  return compiled;
};

const compileText = (name: string, text: string): Compiled => {
  const key = `${name}\0${text}`;
  const known = byText.get(key);
  if (known !== undefined) return known;
  const compiled = compileTemplates(name, text, FUNCTIONS);
  if (byText.size >= MAX_CACHED) byText.clear();
  byText.set(key, compiled);
  return compiled;
};

export interface RenderTemplatesOptions extends Outside {
  readonly limits?: Partial<Limits>;
}

/** Runs every template of a chart and its subcharts: output by file name. Throws ChartError with Helm's text. */
export const renderTemplates = (
  chart: Chart,
  top: RenderData,
  options: RenderTemplatesOptions = {},
): Map<string, string> => {
  const renderables = new Map<string, Renderable>();
  collect(chart, top, asValues(new Map(top.values)), renderables);
  const names = byDepth(renderables.keys());
  const set = new TemplateSet(FUNCTIONS);
  for (const name of names) addFile(set, name, renderables.get(name) as Renderable);
  const run = new Run({ ...DEFAULT_LIMITS, ...options.limits }, options);
  const rendered = new Map<string, string>();
  for (const name of names) {
    if (basePath(name).startsWith('_')) continue;
    const { data, basePath: folder } = renderables.get(name) as Renderable;
    data.set(
      'Template',
      namedValues([
        ['Name', name],
        ['BasePath', folder],
      ]),
    );
    rendered.set(name, renderFile(set, run, name, data));
  }
  return rendered;
};

const addFile = (set: TemplateSet, name: string, { bytes }: Renderable): void => {
  try {
    set.add(compileCached(name, bytes));
  } catch (error) {
    if (error instanceof GoError) throw parseFailure(name, error);
    throw error;
  }
};

const renderFile = (set: TemplateSet, run: Run, name: string, data: GoMap): string => {
  const template = set.get(name);
  if (template === undefined) throw new ChartError(`template: no template "${name}" associated with template "gotpl"`);
  try {
    return execute(template, set, run, data).replaceAll('<no value>', '');
  } catch (error) {
    if (error instanceof GoError) throw execFailure(name, error);
    if (error instanceof RangeError)
      throw new ChartError(`execution error in (${name}): values or calls are nested too deeply`);
    throw error;
  }
};
