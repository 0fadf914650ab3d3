import type { FunctionTable, TemplateFunction } from '../template/execution.js';
import { collections } from './collections.js';
import { comparison } from './comparison.js';
import { crypto } from './crypto.js';
import { dates } from './dates.js';
import { defaults } from './defaults.js';
import type { Family } from './define.js';
import { dicts } from './dicts.js';
import { encoding } from './encoding.js';
import { lists } from './lists.js';
import { lookups } from './lookups.js';
import { math } from './math.js';
import { paths } from './paths.js';
import { printing } from './printing.js';
import { random } from './random.js';
import { reflection } from './reflection.js';
import { regex } from './regex.js';
import { semver } from './semver.js';
import { serialization } from './serialization.js';
import { strings } from './strings.js';
import { templating } from './templating.js';
import { urls } from './urls.js';

/** Later families replace functions of earlier ones: Helm's stand above Sprig's, Sprig's above text/template's. */
const FAMILIES: readonly Family[] = [
  comparison,
  collections,
  printing,
  defaults,
  strings,
  lists,
  dicts,
  math,
  dates,
  encoding,
  regex,
  semver,
  urls,
  paths,
  reflection,
  crypto,
  random,
  serialization,
  templating,
  lookups,
];

/** Every function that a chart's templates can call. */
export const FUNCTIONS: FunctionTable = new Map<string, TemplateFunction>(
  FAMILIES.flatMap((family) =>
    Object.entries(family).map(([name, definition]) => [name, { name, ...definition }] as const),
  ),
);
