import { basePath } from '../functions/paths.js';
import { strings, TypedMap, type Value } from '../template/values.js';
import { toYaml } from '../yaml/to-yaml.js';
import type { ChartFile } from './chart.js';
import { fileText } from './file-text.js';
import { compilePathGlob } from './path-glob.js';

type Files = TypedMap;

const bytesOf = (files: Files, name: string): Uint8Array => {
  const data = files.get(name);
  return data instanceof Uint8Array ? data : new Uint8Array();
};

const lines = (data: Uint8Array): Value => {
  if (data.length === 0) return strings([]);
  const text = fileText(data);
  return strings((text.endsWith('\n') ? text.slice(0, -1) : text).split('\n'));
};

/** A ConfigMap's or Secret's data: the last name of each path as the key. */
const asYaml = (files: Files, text: (data: Uint8Array) => string): string => {
  const data = new Map([...files.keys()].map((name) => [basePath(name), text(bytesOf(files, name))]));
  return toYaml(data).replace(/\n$/, '');
};

const glob = (files: Files, pattern: string): Value => {
  const matches = compilePathGlob(pattern) ?? (() => true);
  return filesMap([...files].filter(([name]) => matches(name)));
};

const METHODS = {
  Get: {
    params: ['string'],
    call: (files: Files, [name]: readonly Value[]) => fileText(bytesOf(files, name as string)),
  },
  GetBytes: { params: ['string'], call: (files: Files, [name]: readonly Value[]) => bytesOf(files, name as string) },
  Lines: {
    params: ['string'],
    call: (files: Files, [name]: readonly Value[]) => lines(bytesOf(files, name as string)),
  },
  Glob: { params: ['string'], call: (files: Files, [pattern]: readonly Value[]) => glob(files, pattern as string) },
  AsConfig: { params: [], call: (files: Files) => asYaml(files, fileText) },
  AsSecrets: { params: [], call: (files: Files) => asYaml(files, (data) => Buffer.from(data).toString('base64')) },
} as const;

const filesMap = (entries: Iterable<readonly [string, Value]>): TypedMap =>
  new TypedMap('engine.files', new Uint8Array(), entries, METHODS);

/** `.Files` of a chart. */
export const chartFiles = (files: readonly ChartFile[]): TypedMap =>
  filesMap(files.map(({ name, data }) => [name, data] as const));
