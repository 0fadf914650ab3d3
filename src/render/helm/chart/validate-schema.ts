import { createHash } from 'node:crypto';
import { readJson } from '../json/json-reader.js';
import { type LoadSchema, MissingDocument, SchemaCompiler } from '../schema/compile-schema.js';
import type { Json } from '../schema/json.js';
import { problemLines, SchemaFailure } from '../schema/problem.js';
import type { SchemaNode } from '../schema/schema-node.js';
import { validate } from '../schema/validate-value.js';
import { GoError } from '../template/errors.js';
import { fromBytes } from '../template/go-string.js';
import { goQuote } from '../template/quote.js';
import { Integer, sliceItems, typeName, type GoMap, type Value } from '../template/values.js';
import type { Chart } from './chart.js';
import { ChartError } from './chart-error.js';

/** What Helm calls the schema of a chart. */
const ADDRESS = 'file:///values.schema.json';
const MAX_DOCUMENTS = 50;

const plain = (value: Value): Json => {
  if (value === null || value === undefined) return null;
  if (value instanceof Integer) return value.toNumber();
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (typeof value === 'object') return (sliceItems(value) ?? []).map(plain);
  return value;
};

/** Reads a schema. Throws SchemaFailure with encoding/json's text. */
export const parseSchema = (bytes: Uint8Array): Json => {
  const text = fromBytes(bytes);
  try {
    return plain(readJson(text));
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const isCut = error.message === 'unexpected end of JSON input';
    throw new SchemaFailure(isCut ? (text.trim() === '' ? 'EOF' : 'unexpected EOF') : error.message);
  }
};

const MAX_SCHEMAS = 200;
const schemas = new Map<string, SchemaNode>();

/** Schemas are made ready once for each text; those that are fetched from elsewhere, each time. */
const schemaOf = async (bytes: Uint8Array, load: LoadSchema): Promise<SchemaNode> => {
  const key = createHash('sha256').update(bytes).digest('base64');
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const sources = new Map([[ADDRESS, parseSchema(bytes)]]);
  while (sources.size <= MAX_DOCUMENTS) {
    try {
      const made = new SchemaCompiler(sources).compile(ADDRESS);
      if (schemas.size >= MAX_SCHEMAS) schemas.clear();
      if (sources.size === 1) schemas.set(key, made);
      return made;
    } catch (error) {
      if (!(error instanceof MissingDocument)) throw error;
      sources.set(error.address, await documentAt(error.address, load));
    }
  }
  throw new SchemaFailure(`the schema refers to more than ${MAX_DOCUMENTS} others`);
};

const documentAt = async (address: string, load: LoadSchema): Promise<Json> => {
  // Nobody resolves these names: Helm takes them for schemas that allow everything.
  if (address.startsWith('urn:')) return true;
  const failing = `failing loading ${goQuote(address)}`;
  if (/^https?:/.test(address)) {
    try {
      return await load(address);
    } catch (error) {
      if (error instanceof SchemaFailure) throw new SchemaFailure(`${failing}: ${error.message}`);
      throw error;
    }
  }
  // A schema is one file: what lies beside it on this machine is not the chart's to read.
  if (address.startsWith('file:///')) {
    throw new SchemaFailure(`${failing}: open ${address.slice('file://'.length)}: no such file or directory`);
  }
  throw new SchemaFailure(`${failing}: no URLLoader registered for ${goQuote(address)}`);
};

const problemsOf = async (bytes: Uint8Array, values: GoMap, load: LoadSchema): Promise<string> => {
  try {
    const problems = validate(await schemaOf(bytes, load), plain(values));
    return problemLines(problems)
      .map((line) => `${line}\n`)
      .join('');
  } catch (error) {
    if (error instanceof SchemaFailure) return error.message;
    if (error instanceof RangeError) return 'the schema refers to itself without end';
    throw error;
  }
};

const checkChart = async (chart: Chart, values: GoMap, load: LoadSchema): Promise<string> => {
  let text = '';
  if (chart.schema !== undefined) {
    const problems = await problemsOf(chart.schema, values, load);
    if (problems !== '') text += `${chart.name}:\n${problems}`;
  }
  for (const subchart of chart.dependencies) {
    const own = values.get(subchart.name);
    if (own === null || own === undefined) continue;
    if (own instanceof Map) text += await checkChart(subchart, own, load);
    else text += `${subchart.name}:\ninvalid type for values: expected object (map), got ${typeName(own)}\n`;
  }
  return text;
};

const loadNothing: LoadSchema = async (address) => {
  throw new SchemaFailure(
    `HTTP request failed for ${address}: schemas are not fetched while an application is rendered`,
  );
};

/**
 * Checks the values of a chart and its subcharts against their `values.schema.json`. Throws ChartError with all problems.
 */
export const validateAgainstSchemas = async (chart: Chart, values: GoMap, load = loadNothing): Promise<void> => {
  const problems = await checkChart(chart, values, load);
  if (problems !== '') {
    throw new ChartError(
      `values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`,
    );
  }
};
