import { formatFloat } from '../template/numbers.js';
import { goQuote } from '../template/quote.js';

/** Plain JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** One thing that is wrong, in the form in which Helm's validator reports it. */
export interface SchemaProblem {
  readonly path: readonly string[];
  readonly text: string;
  readonly causes: readonly SchemaProblem[];
  /** A `$ref` around a single problem is not shown. */
  readonly isReference?: boolean;
  readonly isGroup?: boolean;
  /** The place is that of the value under examination. */
  readonly isHere?: boolean;
}

/** Finds a schema by `$ref`, and matches patterns. */
export interface SchemaContext {
  readonly resolve: (ref: string) => Json | undefined;
  readonly matches: (pattern: string, text: string) => boolean;
  readonly isFormat: ((format: string, text: string) => boolean) | undefined;
  /** Before 2019, `$ref` hides its neighbours. */
  readonly refStandsAlone: boolean;
}

const MAX_DEPTH = 200;

const quote = (text: string): string => `'${goQuote(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
const list = (texts: readonly string[]): string => texts.map(quote).join(', ');
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (value: Json): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : typeof value;
};

const display = (value: Json): string => {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value) || isObject(value)) return 'value';
  return typeof value === 'number' ? formatFloat(value, 'g', -1) : JSON.stringify(value);
};

const equals = (a: Json, b: Json): boolean => {
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equals(item, b[i] ?? null));
  if (isObject(a)) {
    if (!isObject(b) || Object.keys(a).length !== Object.keys(b).length) return false;
    return Object.entries(a).every(([key, item]) => Object.hasOwn(b, key) && equals(item, b[key] ?? null));
  }
  return a === b;
};

/** Why a value does not fit a schema, keyword by keyword; empty when no reason is found. */
export const explain = (
  schema: Json,
  value: Json,
  context: SchemaContext,
  path: readonly string[] = [],
  depth = 0,
): SchemaProblem[] => {
  const problem = (text: string, causes: readonly SchemaProblem[] = []): SchemaProblem => ({ path, text, causes });
  if (schema === false) return [problem('false schema')];
  if (!isObject(schema) || depth > MAX_DEPTH) return [];
  const first = firstProblem(schema, value, context);
  if (first !== undefined) return [problem(first)];
  const problems: SchemaProblem[] = [];
  const inner = (sub: Json, item: Json, ...step: string[]): SchemaProblem[] =>
    explain(sub, item, context, [...path, ...step], depth + 1);
  if (typeof schema['$ref'] === 'string') {
    const target = context.resolve(schema['$ref']);
    const causes = target === undefined ? [] : inner(target, value);
    if (causes.length > 0)
      problems.push({ path, text: 'validation failed', causes: ungrouped(causes), isReference: true });
    if (context.refStandsAlone) return problems;
  }
  if (isObject(value))
    problems.push(...objectProblems(schema, value, context, inner).map((found) => rooted(found, path)));
  else if (Array.isArray(value))
    problems.push(...arrayProblems(schema, value, inner).map((found) => rooted(found, path)));
  else if (typeof value === 'string')
    problems.push(...stringProblems(schema, value, context).map((text) => problem(text)));
  else if (typeof value === 'number') problems.push(...numberProblems(schema, value).map((text) => problem(text)));
  problems.push(...conditionProblems(schema, value, inner).map((found) => rooted(found, path)));
  if (problems.length <= 1) return problems;
  return [{ path, text: 'validation failed', causes: problems, isGroup: true }];
};

const ungrouped = (problems: readonly SchemaProblem[]): readonly SchemaProblem[] => {
  const [only] = problems;
  return problems.length === 1 && only?.isGroup === true ? only.causes : problems;
};

type Found = SchemaProblem | string;
const rooted = (found: Found, path: readonly string[]): SchemaProblem =>
  typeof found === 'string'
    ? { path, text: found, causes: [] }
    : found.isHere === true
      ? { ...found, path, isHere: false }
      : found;

type Inner = (schema: Json, value: Json, ...step: string[]) => SchemaProblem[];

/** Type, const, enum and format: the first that fails ends the search. */
const firstProblem = (schema: JsonObject, value: Json, context: SchemaContext): string | undefined => {
  const { type, format } = schema;
  const wanted = typeof type === 'string' ? [type] : Array.isArray(type) ? type.map(String) : [];
  const got = typeOf(value);
  const isInteger = typeof value === 'number' && Number.isInteger(value);
  if (wanted.length > 0 && !wanted.includes(got) && !(isInteger && wanted.includes('integer'))) {
    const ordered = TYPE_ORDER.filter((name) => wanted.includes(name));
    return `got ${got}, want ${ordered.join(' or ')}`;
  }
  if (Object.hasOwn(schema, 'const') && !equals(value, schema['const'] ?? null)) {
    const target = schema['const'] ?? null;
    return typeof target === 'object' && target !== null ? "'const' failed" : `value must be ${display(target)}`;
  }
  const options = schema['enum'];
  if (Array.isArray(options) && !options.some((option) => equals(value, option))) {
    if (options.some((option) => typeof option === 'object' && option !== null)) return "'enum' failed";
    return options.length === 1
      ? `value must be ${display(options[0] ?? null)}`
      : `value must be one of ${options.map(display).join(', ')}`;
  }
  if (typeof format === 'string' && typeof value === 'string' && context.isFormat?.(format, value) === false) {
    return `${display(value)} is not valid ${format}: invalid ${format}`;
  }
  return undefined;
};

const TYPE_ORDER = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];

const objectProblems = (schema: JsonObject, value: JsonObject, context: SchemaContext, inner: Inner): Found[] => {
  const found: Found[] = [];
  const names = Object.keys(value);
  const { minProperties, maxProperties, required } = schema;
  if (typeof minProperties === 'number' && names.length < minProperties)
    found.push(`minProperties: got ${names.length}, want ${minProperties}`);
  if (typeof maxProperties === 'number' && names.length > maxProperties)
    found.push(`maxProperties: got ${names.length}, want ${maxProperties}`);
  const missing = (Array.isArray(required) ? required.map(String) : []).filter((name) => !Object.hasOwn(value, name));
  if (missing.length === 1) found.push(`missing property ${quote(missing[0] ?? '')}`);
  else if (missing.length > 1) found.push(`missing properties ${list(missing)}`);
  found.push(...propertyProblems(schema, value, context, inner));
  const { propertyNames } = schema;
  if (propertyNames !== undefined) {
    for (const name of names) {
      const causes = inner(propertyNames, name);
      if (causes.length > 0)
        found.push({
          path: [],
          isHere: true,
          text: `invalid propertyName ${quote(name)}`,
          causes: causes.flatMap((cause) => cause.causes),
        });
    }
  }
  const dependentRequired = schema['dependentRequired'] ?? schema['dependencies'];
  for (const [name, wanted] of Object.entries(isObject(dependentRequired) ? dependentRequired : {})) {
    if (!Object.hasOwn(value, name) || !Array.isArray(wanted)) continue;
    const lacking = wanted.map(String).filter((other) => !Object.hasOwn(value, other));
    if (lacking.length > 0) found.push(`properties ${list(lacking)} required, if ${quote(name)} exists`);
  }
  return found;
};

const propertyProblems = (schema: JsonObject, value: JsonObject, context: SchemaContext, inner: Inner): Found[] => {
  const found: Found[] = [];
  const additional: string[] = [];
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const patterns = isObject(schema['patternProperties']) ? Object.entries(schema['patternProperties']) : [];
  for (const [name, item] of Object.entries(value)) {
    let isKnown = false;
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own !== undefined) {
      isKnown = true;
      found.push(...inner(own, item, name));
    }
    for (const [pattern, sub] of patterns) {
      if (!context.matches(pattern, name)) continue;
      isKnown = true;
      found.push(...inner(sub, item, name));
    }
    const rest = schema['additionalProperties'];
    if (isKnown || rest === undefined) continue;
    if (rest === false) additional.push(name);
    else found.push(...inner(rest, item, name));
  }
  if (additional.length > 0) found.push(`additional properties ${list(additional)} not allowed`);
  return found;
};

const arrayProblems = (schema: JsonObject, value: readonly Json[], inner: Inner): Found[] => {
  const found: Found[] = [];
  const { minItems, maxItems, items, prefixItems, contains } = schema;
  if (typeof minItems === 'number' && value.length < minItems)
    found.push(`minItems: got ${value.length}, want ${minItems}`);
  if (typeof maxItems === 'number' && value.length > maxItems)
    found.push(`maxItems: got ${value.length}, want ${maxItems}`);
  if (schema['uniqueItems'] === true) {
    const pair = duplicates(value);
    if (pair !== undefined) found.push(`items at ${pair[0]} and ${pair[1]} are equal`);
  }
  const prefix = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  for (const [i, item] of value.entries()) {
    const sub = prefix[i] ?? (Array.isArray(items) ? schema['additionalItems'] : items);
    if (sub !== undefined) found.push(...inner(sub, item, String(i)));
  }
  if (contains !== undefined && !value.some((item, i) => inner(contains, item, String(i)).length === 0)) {
    found.push('no items match contains schema');
  }
  return found;
};

const duplicates = (items: readonly Json[]): readonly [number, number] | undefined => {
  for (let i = 0; i < items.length; i++) {
    for (let j = i + 1; j < items.length; j++) if (equals(items[i] ?? null, items[j] ?? null)) return [i, j];
  }
  return undefined;
};

const stringProblems = (schema: JsonObject, value: string, context: SchemaContext): string[] => {
  const found: string[] = [];
  const length = Array.from(value).length;
  const { minLength, maxLength, pattern } = schema;
  if (typeof minLength === 'number' && length < minLength) found.push(`minLength: got ${length}, want ${minLength}`);
  if (typeof maxLength === 'number' && length > maxLength) found.push(`maxLength: got ${length}, want ${maxLength}`);
  if (typeof pattern === 'string' && !context.matches(pattern, value)) {
    found.push(`${quote(value)} does not match pattern ${quote(pattern)}`);
  }
  return found;
};

/** A number as golang.org/x/text prints it: with commas between thousands. */
const grouped = (value: number): string => {
  const [whole = '', fraction] = formatFloat(value, 'f', -1).split('.');
  const commas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? commas : `${commas}.${fraction}`;
};

const numberProblems = (schema: JsonObject, value: number): string[] => {
  const found: string[] = [];
  const check = (keyword: string, isWrong: (bound: number) => boolean): void => {
    const bound = schema[keyword];
    if (typeof bound === 'number' && isWrong(bound))
      found.push(`${keyword}: got ${grouped(value)}, want ${grouped(bound)}`);
  };
  check('minimum', (bound) => value < bound);
  check('maximum', (bound) => value > bound);
  check('exclusiveMinimum', (bound) => value <= bound);
  check('exclusiveMaximum', (bound) => value >= bound);
  check('multipleOf', (bound) => !Number.isInteger(value / bound));
  return found;
};

const conditionProblems = (schema: JsonObject, value: Json, inner: Inner): Found[] => {
  const found: Found[] = [];
  const { not, allOf, anyOf, oneOf } = schema;
  const add = (text: string, causes: readonly SchemaProblem[]): void =>
    void found.push({ path: [], isHere: true, text, causes });
  if (not !== undefined && inner(not, value).length === 0) found.push("'not' failed");
  if (Array.isArray(allOf)) {
    const causes = allOf.flatMap((sub) => inner(sub, value));
    if (causes.length > 0) add("'allOf' failed", causes);
  }
  if (Array.isArray(anyOf)) {
    const each = anyOf.map((sub) => inner(sub, value));
    if (each.every((causes) => causes.length > 0)) add("'anyOf' failed", each.flat());
  }
  if (Array.isArray(oneOf)) {
    const each = oneOf.map((sub) => inner(sub, value));
    const matched = each.flatMap((causes, i) => (causes.length === 0 ? [i] : []));
    if (matched.length === 0) add("'oneOf' failed, none matched", each.flat());
    else if (matched.length > 1) found.push(`'oneOf' failed, subschemas ${matched[0]}, ${matched[1]} matched`);
  }
  if (schema['if'] !== undefined) {
    const branch = inner(schema['if'], value).length === 0 ? schema['then'] : schema['else'];
    if (branch !== undefined) found.push(...inner(branch, value));
  }
  return found;
};

/** The problems as Helm prints them: one a line, causes below. */
export const problemLines = (problems: readonly SchemaProblem[], indent = 0): string[] =>
  problems.flatMap((problem) => {
    if (problem.isReference === true && problem.causes.length === 1) return problemLines(problem.causes, indent);
    const place = problem.path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return [`${'  '.repeat(indent)}- at ${quote(place)}: ${problem.text}`, ...problemLines(problem.causes, indent + 1)];
  });
