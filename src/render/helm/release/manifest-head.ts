import { ChartError } from '../chart/chart-error.js';
import { StructReader } from '../chart/decode-struct.js';
import { decodeYaml } from '../chart/read-metadata.js';
import { TextCache } from '../../text-cache.js';
import { readOrdinaryYaml } from '../../yaml/read-ordinary-yaml.js';
import { resolvePlain } from '../yaml/yaml-resolve.js';

/** What Helm looks at in a document. */
export interface Head {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly annotations: ReadonlyMap<string, string>;
}

const TYPE = 'util.SimpleHead';
const TOP_FIELDS = ['apiVersion', 'kind', 'metadata'];
/** The annotations that are looked at. */
const HELM_PREFIX = 'helm.sh/';
const METADATA_FIELDS = ['name', 'annotations'];

const known = new TextCache<Head>(16 * 1024 * 1024);

/** Reads the head of a document. Throws ChartError where it is no YAML, or no object. */
export const readHead = (template: string, content: string): Head => {
  const kept = known.get(content);
  if (kept !== undefined) return kept;
  const head = ordinaryHead(content) ?? fullHead(template, content);
  known.set(content, head);
  return head;
};

type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name of a field in other letters would be read as well. */
const hasOtherCase = (fields: Fields, names: readonly string[]): boolean =>
  Object.keys(fields).some(
    (key) => !names.includes(key) && names.some((name) => name.toLowerCase() === key.toLowerCase()),
  );

/** Undefined for what is no text to every reader. */
const textOf = (value: unknown): string | undefined => {
  if (value === undefined) return '';
  // The end of the document may or may not end its last line.
  if (typeof value !== 'string' || value.endsWith('\n') || resolvePlain(value).tag !== 'str') return undefined;
  return value;
};

/**
 * The head of a document in ordinary YAML with fields of the usual types. The document is read as a manifest, which
 * whoever wants the manifest then finds read.
 */
const ordinaryHead = (content: string): Head | undefined => {
  const documents = readOrdinaryYaml(content);
  const value = documents?.length === 1 ? documents[0]?.value : undefined;
  if (!isMap(value) || hasOtherCase(value, TOP_FIELDS)) return undefined;
  const metadata = value['metadata'] ?? {};
  if (!isMap(metadata) || hasOtherCase(metadata, METADATA_FIELDS)) return undefined;
  const [apiVersion, kind, name] = [textOf(value['apiVersion']), textOf(value['kind']), textOf(metadata['name'])];
  const annotations = textsOf(metadata['annotations'] ?? {});
  if (apiVersion === undefined || kind === undefined || name === undefined) return undefined;
  return annotations && { apiVersion, kind, name, annotations };
};

const textsOf = (value: unknown): ReadonlyMap<string, string> | undefined => {
  if (!isMap(value)) return undefined;
  const texts = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string' || (key.startsWith(HELM_PREFIX) && textOf(item) === undefined)) return undefined;
    texts.set(key, item);
  }
  return texts;
};

const fullHead = (template: string, content: string): Head => {
  try {
    return decodeYaml(content, (value) => {
      const fields = new StructReader(TYPE, value);
      const metadata = new StructReader('', fields.object('metadata'), 'metadata.');
      return {
        apiVersion: fields.text('apiVersion'),
        kind: fields.text('kind'),
        name: metadata.text('name'),
        annotations: metadata.textMap('annotations'),
      };
    });
  } catch (error) {
    if (error instanceof ChartError) throw new ChartError(`YAML parse error on ${template}: ${error.message}`);
    throw error;
  }
};
