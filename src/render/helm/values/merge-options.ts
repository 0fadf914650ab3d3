import { ChartError } from '../chart/chart-error.js';
import { loadValues, mergeValues } from '../chart/load-values.js';
import { deepCopy } from '../functions/dicts.js';
import { fromPlain } from '../json/json-reader.js';
import { fromBytes } from '../template/go-string.js';
import type { GoMap } from '../template/values.js';
import { setFiles, setJson, setLiteral, setStrings, setValues } from './set-values.js';

/** The values flags of `helm template`, each in the order given. */
export interface ValueOptions {
  readonly valueFiles?: readonly string[];
  readonly setJson?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly setFile?: readonly string[];
  readonly setLiteral?: readonly string[];
}

export type ReadFile = (path: string) => Promise<Uint8Array>;

const failing = async (what: string, run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof ChartError) throw new ChartError(`${what}: ${error.message}`);
    throw error;
  }
};

/** Merges a values file over values. */
export const addValuesFile = (values: GoMap, path: string, data: Uint8Array | string): GoMap => {
  try {
    // Flags change what they find: not what is shared with the next render.
    return mergeValues(values, deepCopy(loadValues(data)) as GoMap);
  } catch (error) {
    if (error instanceof ChartError) throw new ChartError(`failed to parse ${path}: ${error.message}`);
    throw error;
  }
};

const addJson = async (values: GoMap, text: string): Promise<GoMap> => {
  if (!text.trim().startsWith('{')) {
    try {
      await setJson(text, values);
    } catch (error) {
      if (error instanceof ChartError) throw new ChartError(`failed parsing --set-json data ${text}`);
      throw error;
    }
    return values;
  }
  try {
    return mergeValues(values, fromPlain(JSON.parse(text)) as GoMap);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ChartError(`failed parsing --set-json data JSON: ${text}`);
    throw error;
  }
};

/** Everything the values flags say, in Helm's order: files, then JSON, texts with types, texts, files, literals. */
export const mergeValueOptions = async (options: ValueOptions, readFile: ReadFile): Promise<GoMap> => {
  let values: GoMap = new Map();
  for (const path of options.valueFiles ?? []) values = addValuesFile(values, path, await readFile(path));
  for (const text of options.setJson ?? []) values = await addJson(values, text);
  for (const text of options.set ?? []) {
    await failing('failed parsing --set data', () => setValues(text, values));
  }
  for (const text of options.setString ?? []) {
    await failing('failed parsing --set-string data', () => setStrings(text, values));
  }
  for (const text of options.setFile ?? []) {
    const read = async (path: string): Promise<string> => fromBytes(await readFile(path));
    await failing('failed parsing --set-file data', () => setFiles(text, values, read));
  }
  for (const text of options.setLiteral ?? []) {
    await failing('failed parsing --set-literal data', () => setLiteral(text, values));
  }
  return values;
};
