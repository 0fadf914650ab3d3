import { ApiError } from '../../../objects/api-error.js';
import { isRecord } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { goType, selfName } from './webhook-reply.js';
import { validateAnnotations, validateLabels } from '../../admission/validation/labels.js';

type Fields = Readonly<Record<string, unknown>>;

const KIND = 'apiextensions.k8s.io/v1, Kind=ConversionReview';

/** The objects in a review that comes back. Throws what is wrong with it, in the words of kube-apiserver. */
export const conversionAnswer = (review: Fields, asked: string, version: string): readonly unknown[] => {
  const { response } = review;
  const given = selfName(review);
  if (version === 'v1' && given !== KIND) throw new Error(`expected webhook response of ${KIND}, got ${given}`);
  if (!isRecord(response)) throw new Error('no response provided');
  const { uid = '', result, convertedObjects } = response;
  if (version === 'v1' && uid !== asked) {
    throw new Error(`expected response.uid=${JSON.stringify(asked)}, got ${JSON.stringify(uid)}`);
  }
  const { status = '', message = '' } = (isRecord(result) ? result : {}) as { status?: string; message?: string };
  if (status !== 'Success') {
    throw new Error(message === '' ? `response.result.status was '${status}', not 'Success'` : message);
  }
  return Array.isArray(convertedObjects) ? (convertedObjects as unknown[]) : [];
};

/**
 * A converted object with the metadata that it had, but its own labels and annotations: a webhook converts what users
 * wrote; who an object is stays as it was. Throws what else it changed.
 */
export const checkedObject = (
  subject: string,
  converted: unknown,
  original: KubeObject,
  desiredAPIVersion: string,
): KubeObject => {
  const fail = (what: string): never => {
    throw new ApiError('Unknown', `${subject} returned invalid ${what}`);
  };
  if (converted === null) throw new ApiError('Unknown', 'unexpected end of JSON input');
  if (!isRecord(converted)) {
    const type = goType(converted);
    throw new ApiError('Unknown', `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`);
  }
  const { apiVersion = '', kind = '', metadata } = converted as Fields & { metadata?: Fields };
  if (kind === '') throw new ApiError('Unknown', `Object 'Kind' is missing in '${JSON.stringify(converted)}'`);
  if (apiVersion !== desiredAPIVersion) {
    fail(`object at index 0: invalid groupVersion (expected ${desiredAPIVersion}, received ${String(apiVersion)})`);
  }
  if (kind !== original.kind) {
    fail(`object at index 0: invalid kind (expected ${original.kind}, received ${String(kind)})`);
  }
  const before = original.metadata as unknown as Fields;
  const after = isRecord(metadata) ? (metadata as Fields) : {};
  for (const name of ['name', 'namespace', 'uid']) {
    const [was, is] = [before[name] ?? '', after[name] ?? ''].map(String);
    if (was !== is) fail(`object: must have the same ${name === 'uid' ? 'UID' : name}: ${was} != ${is}`);
  }
  if (!isRecord(metadata)) fail('metadata: missing metadata in converted object');
  const problem = textsProblem(after);
  if (problem !== undefined) fail(`metadata: ${problem}`);
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata;
  const own = Object.fromEntries(TEXTS.flatMap((name) => (isRecord(after[name]) ? [[name, after[name]]] : [])));
  return { ...(converted as KubeObject), metadata: { ...kept, ...own } };
};

const TEXTS = ['labels', 'annotations'] as const;

const textsProblem = (metadata: Fields): string | undefined => {
  for (const name of TEXTS) {
    const texts = metadata[name];
    if (texts === undefined || texts === null) continue;
    if (!isRecord(texts)) return `invalid metadata.${name} of type ${goKind(texts)} in converted object`;
    const [key, other] = Object.entries(texts).find(([, value]) => typeof value !== 'string') ?? [];
    if (key !== undefined)
      return `metadata.${name}[${key}] must be a string, but is ${goKind(other)} in converted object`;
    const strings = texts as Readonly<Record<string, string>>;
    const errors =
      name === 'labels'
        ? validateLabels('metadata.labels', strings)
        : validateAnnotations('metadata.annotation', strings);
    if (errors.length === 0) continue;
    const lines = errors.map(({ field, message }) => `${field}: ${message}`);
    return lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  }
  return undefined;
};

const goKind = (value: unknown): string => {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
};
