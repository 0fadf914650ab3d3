import { ApiError } from '../../../objects/api-error.js';
import { PROTOBUF } from './bodies.js';

/** In which form a client wants an answer. */
export interface Negotiated {
  readonly format: 'json' | 'yaml' | 'protobuf';
  /** Absent: the objects as they are. */
  readonly as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  readonly asVersion: string;
}

const PLAIN: Negotiated = { format: 'json', asVersion: '' };
const FORMATS: Formats = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
};
const PROTOBUF_ONLY: Formats = { [PROTOBUF]: 'protobuf' };

/** What an answer can be: one object, several, or their changes. */
export type AnswerShape = 'one' | 'list' | 'watch';

const FORMS: Readonly<Record<AnswerShape, ReadonlySet<string>>> = {
  one: new Set(['Table', 'PartialObjectMetadata']),
  list: new Set(['Table', 'PartialObjectMetadataList']),
  watch: new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']),
};

const MEDIA_TYPES = `application/json, application/yaml, ${PROTOBUF}`;

export const ACCEPTED = 'only the following media types are accepted: ';

/** The answer to a client that takes none of the types that there are. */
export const notAcceptable = (): ApiError => new ApiError('NotAcceptable', `${ACCEPTED}${MEDIA_TYPES}`);

/** The answer for a path of which no type is taken, without a look at what is there. */
const notRouted = (shape: AnswerShape): ApiError => {
  const streams = shape !== 'one' ? `, application/json;stream=watch, ${PROTOBUF};stream=watch` : '';
  const types = `${MEDIA_TYPES}${streams}`;
  return new ApiError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${types}`, {});
};

export interface Asked {
  readonly shape: AnswerShape;
  /** Built-in resources refuse types that they do not know before anything else. */
  readonly builtin: boolean;
}

/** What the answer is written as: the first entry of `Accept` that can be served. Throws NotAcceptable. */
export const negotiate = (accept: string | undefined, { shape, builtin }: Asked): Negotiated => {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return PLAIN;
  if (builtin && !isRouted(accept)) throw notRouted(shape);
  const entries = entriesOf(accept);
  // JSON is sent as it is stored, so whoever takes both gets JSON.
  const found = firstOf(entries, FORMATS, shape) ?? firstOf(entries, PROTOBUF_ONLY, shape);
  if (found === undefined || (found.format === 'protobuf' && found.as === 'Table')) {
    throw notAcceptable();
  }
  return found;
};

/** Routes of built-in resources know types by their full names. */
const isRouted = (accept: string): boolean =>
  accept.split(',').some((entry) => {
    const type = entry.split(';', 1)[0]?.trim() ?? '';
    return type === '*/*' || type === PROTOBUF || type === 'application/json' || type === 'application/yaml';
  });

const quality = (entry: string): number => Number(/;\s*q=([\d.]+)/.exec(entry)?.[1] ?? 1);

/** The entries of an `Accept`, best first. */
const entriesOf = (accept: string): readonly string[] => {
  const entries = accept.split(',');
  if (!accept.includes('q=')) return entries;
  return entries.toSorted((left, right) => quality(right) - quality(left));
};

/** How a client reads what is the same for all, such as errors; undefined when it names no type that is known. */
export const acceptedFormat = (accept = ''): Negotiated['format'] | undefined => {
  if (accept === '') return 'json';
  const formats = entriesOf(accept).map((entry) => {
    const type = entry.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return FORMATS[type] ?? PROTOBUF_ONLY[type];
  });
  return formats.find((format) => format !== undefined && format !== 'protobuf') ?? formats.find(Boolean);
};

type Formats = Readonly<Record<string, Negotiated['format']>>;

const firstOf = (entries: readonly string[], formats: Formats, shape: AnswerShape): Negotiated | undefined => {
  for (const entry of entries) {
    const found = readEntry(entry, formats, shape);
    if (found !== undefined) return found;
  }
  return undefined;
};

const readEntry = (entry: string, formats: Formats, shape: AnswerShape): Negotiated | undefined => {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
  const format = formats[type.toLowerCase()];
  if (format === undefined) return undefined;
  const values = new Map(parameters.map((parameter) => splitOnce(parameter)));
  const as = values.get('as');
  if (as === undefined) return { format, asVersion: '' };
  const version = values.get('v') ?? '';
  const isVersion = values.get('g') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
  return FORMS[shape].has(as) && isVersion
    ? { format, as: as as NonNullable<Negotiated['as']>, asVersion: version }
    : undefined;
};

const splitOnce = (parameter: string): [string, string] => {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
};
