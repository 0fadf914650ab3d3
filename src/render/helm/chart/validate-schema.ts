import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Ajv as AjvType, Options, ValidateFunction } from 'ajv';
import { readJson } from '../json/json-reader.js';
import { GoError } from '../template/errors.js';
import { fromBytes } from '../template/go-string.js';
import { Integer, sliceItems, typeName, type GoMap, type Value } from '../template/values.js';
import type { Chart } from './chart.js';
import { ChartError } from './chart-error.js';
import { explain, type Json, type JsonObject, problemLines, type SchemaContext } from './explain-schema.js';
import { isExplainable } from './explainable-schema.js';
import { checkSchemaSize, resolvePointer } from './schema-references.js';

const require = createRequire(import.meta.url);

type AjvClass = new (options: Options) => AjvType;

const plain = (value: Value): Json => {
  if (value === null || value === undefined) return null;
  if (value instanceof Integer) return value.toNumber();
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (typeof value === 'object') return (sliceItems(value) ?? []).map(plain);
  return value;
};

/** The year of the draft that a schema is written in; the newest where it does not say. */
const draftOf = (schema: Json): number => {
  const name = typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? schema['$schema'] : undefined;
  if (typeof name !== 'string') return 2020;
  const match = /draft(?:-0?(\d)|\/(\d{4})-\d{2})\/schema/.exec(name);
  return match === null ? 2020 : Number(match[1] ?? match[2]);
};

const ajvFor = (draft: number): AjvType => {
  const path = draft === 2020 ? 'ajv/dist/2020' : draft === 2019 ? 'ajv/dist/2019' : 'ajv';
  const { default: Class } = require(path) as { default: AjvClass };
  const ajv = new Class({
    allErrors: true,
    strict: false,
    ownProperties: true,
    logger: false,
    validateSchema: false,
    // Since 2019 a format is a remark.
    validateFormats: draft < 2019,
    unicodeRegExp: true,
  });
  if (draft < 2019) (require('ajv-formats') as { default: (target: AjvType) => void }).default(ajv);
  return ajv;
};

/** Draft 4 says with booleans what later drafts say with numbers, and `id` for `$id`. */
const modernize = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(modernize);
  if (typeof schema !== 'object' || schema === null) return schema;
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema') continue;
    if ((key === 'exclusiveMinimum' || key === 'exclusiveMaximum') && typeof value === 'boolean') {
      const bound = schema[key === 'exclusiveMinimum' ? 'minimum' : 'maximum'];
      if (value && bound !== undefined) out[key] = bound;
    } else {
      Object.defineProperty(out, key, {
        value: modernize(value),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return out;
};

const parseSchema = (bytes: Uint8Array): Json => {
  const text = fromBytes(bytes);
  try {
    return plain(readJson(text));
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const isCut = error.message === 'unexpected end of JSON input';
    throw new SchemaFailure(isCut ? (text.trim() === '' ? 'EOF' : 'unexpected EOF') : error.message);
  }
};

/** A schema that cannot be used at all. */
class SchemaFailure extends Error {
  override readonly name = 'SchemaFailure';
}

/** A schema made ready: what it says wrong of values, line by line; empty when it has nothing to say. */
type Checker = (data: Json) => string;

const MAX_CHECKERS = 200;
const checkers = new Map<string, Checker>();

/** Schemas are made ready once for each text. */
const checkerOf = (schema: Uint8Array): Checker => {
  const key = createHash('sha256').update(schema).digest('base64');
  const known = checkers.get(key);
  if (known !== undefined) return known;
  const made = makeChecker(schema);
  if (checkers.size >= MAX_CHECKERS) checkers.clear();
  checkers.set(key, made);
  return made;
};

const makeChecker = (bytes: Uint8Array): Checker => {
  const schema = parseSchema(bytes);
  const draft = draftOf(schema);
  const refused = checkSchemaSize(schema);
  if (refused !== undefined) throw new SchemaFailure(refused);
  const modern = modernize(schema);
  const context: SchemaContext = {
    resolve: (ref) => resolvePointer(modern, ref),
    matches: (pattern, text) => patternOf(pattern).test(text),
    isFormat: draft < 2019 ? (format, text) => ajvFor(draft).validate({ type: 'string', format }, text) : undefined,
    refStandsAlone: draft < 2019,
  };
  const explained = (data: Json): string => {
    const found = explain(modern, data, context);
    const [only] = found;
    return problemLines(only?.isGroup === true ? only.causes : found)
      .map((line) => `${line}\n`)
      .join('');
  };
  // Compiling a schema takes longer than reading the values along it: most need no compiler.
  return isExplainable(modern, draft, context.resolve) ? explained : compiledChecker(modern, draft, explained);
};

const patterns = new Map<string, RegExp>();

const patternOf = (pattern: string): RegExp => {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  if (patterns.size > 1000) patterns.clear();
  const made = new RegExp(pattern, 'u');
  patterns.set(pattern, made);
  return made;
};

const compiledChecker = (schema: Json, draft: number, explained: Checker): Checker => {
  let validate: ValidateFunction;
  try {
    validate = ajvFor(draft).compile(schema as JsonObject | boolean);
  } catch (error) {
    throw new SchemaFailure(error instanceof Error ? error.message : String(error));
  }
  return (data) => {
    if (validate(data)) return '';
    const lines = explained(data);
    if (lines !== '') return lines;
    return (validate.errors ?? []).map(({ instancePath, message }) => `- at '${instancePath}': ${message}\n`).join('');
  };
};

const problemsOf = (schema: Uint8Array, values: GoMap): string => checkerOf(schema)(plain(values));

const checkChart = (chart: Chart, values: GoMap): string => {
  let text = '';
  if (chart.schema !== undefined) {
    let problems: string;
    try {
      problems = problemsOf(chart.schema, values);
    } catch (error) {
      if (error instanceof SchemaFailure) problems = error.message;
      else if (error instanceof RangeError) problems = 'the schema refers to itself without end';
      else throw error;
    }
    if (problems !== '') text += `${chart.name}:\n${problems}`;
  }
  for (const subchart of chart.dependencies) {
    const own = values.get(subchart.name);
    if (own === null || own === undefined) continue;
    if (own instanceof Map) text += checkChart(subchart, own);
    else text += `${subchart.name}:\ninvalid type for values: expected object (map), got ${typeName(own)}\n`;
  }
  return text;
};

/** Checks the values of a chart and its subcharts against their `values.schema.json`. Throws ChartError with all problems. */
export const validateAgainstSchemas = (chart: Chart, values: GoMap): void => {
  const problems = checkChart(chart, values);
  if (problems !== '') {
    throw new ChartError(
      `values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`,
    );
  }
};
