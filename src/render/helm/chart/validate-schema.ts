import { TextCache } from '../../text-cache.js';
import { readJson } from '../json/json-reader.js';
import { type LoadSchema, MissingDocument, SchemaCompiler } from '../schema/compile-schema.js';
import type { Json } from '../schema/json.js';
import { problemLines, SchemaFailure } from '../schema/problem.js';
import type { SchemaNode } from '../schema/schema-node.js';
import { validate } from '../schema/validate-value.js';
import { GoError } from '../template/errors.js';
import { goQuote } from '../template/quote.js';
import { Integer, sliceItems, typeName, type GoMap, type Value } from '../template/values.js';
import type { Chart } from './chart.js';
import { ChartError } from './chart-error.js';
import { fileText } from './file-text.js';

/** What Helm calls the schema of a chart. */
const ADDRESS = 'file:///values.schema.json';
const MAX_DOCUMENTS = 50;

/** The tables that are JSON already: those of a subchart are within its parent's. */
type Known = Map<GoMap, Json>;

const plain = (value: Value, known: Known = new Map()): Json => {
  if (value === null || value === undefined) return null;
  if (value instanceof Integer) return value.toNumber();
  if (value instanceof Map) return known.get(value) ?? plainMap(value, known);
  if (typeof value === 'object') return (sliceItems(value) ?? []).map((item) => plain(item, known));
  return value;
};

const plainMap = (map: GoMap, known: Known): Json => {
  const made = Object.fromEntries(Array.from(map, ([key, item]) => [key, plain(item, known)]));
  known.set(map, made);
  return made;
};

/** Reads a schema. Throws SchemaFailure with encoding/json's text. */
export const parseSchema = (bytes: Uint8Array): Json => {
  const text = fileText(bytes);
  try {
    return plain(readJson(text));
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const isCut = error.message === 'unexpected end of JSON input';
    throw new SchemaFailure(isCut ? (text.trim() === '' ? 'EOF' : 'unexpected EOF') : error.message);
  }
};

const schemas = new TextCache<SchemaNode>(64 * 1024 * 1024);

/** Schemas are made ready once for each text; those that are fetched from elsewhere, each time. */
const schemaOf = async (bytes: Uint8Array, load: LoadSchema): Promise<SchemaNode> => {
  const text = fileText(bytes);
  const known = schemas.get(text);
  if (known !== undefined) return known;
  const sources = new Map([[ADDRESS, parseSchema(bytes)]]);
  while (sources.size <= MAX_DOCUMENTS) {
    try {
      const made = new SchemaCompiler(sources).compile(ADDRESS);
      if (sources.size === 1) schemas.set(text, made);
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

const problemsOf = async (bytes: Uint8Array, values: Json, load: LoadSchema): Promise<string> => {
  try {
    const problems = validate(await schemaOf(bytes, load), values);
    return problemLines(problems)
      .map((line) => `${line}\n`)
      .join('');
  } catch (error) {
    if (error instanceof SchemaFailure) return error.message;
    if (error instanceof RangeError) return 'the schema refers to itself without end';
    throw error;
  }
};

const checkChart = async (chart: Chart, values: GoMap, load: LoadSchema, known: Known): Promise<string> => {
  let text = '';
  if (chart.schema !== undefined) {
    const problems = await problemsOf(chart.schema, plain(values, known), load);
    if (problems !== '') text += `${chart.name}:\n${problems}`;
  }
  for (const subchart of chart.dependencies) {
    const own = values.get(subchart.name);
    if (own === null || own === undefined) continue;
    if (own instanceof Map) text += await checkChart(subchart, own, load, known);
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
  const problems = await checkChart(chart, values, load, new Map());
  if (problems !== '') {
    throw new ChartError(
      `values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`,
    );
  }
};
