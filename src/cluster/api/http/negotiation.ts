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
  'text/yaml': 'yaml',
};
const PROTOBUF_ONLY: Formats = { [PROTOBUF]: 'protobuf' };
const FORMS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** What the answer is written as: the first entry of `Accept` that can be served. Throws NotAcceptable. */
export const negotiate = (accept: string | undefined): Negotiated => {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return PLAIN;
  const entries = accept.split(',');
  // JSON is sent as it is stored, so whoever takes both gets JSON.
  const found = firstOf(entries, FORMATS) ?? firstOf(entries, PROTOBUF_ONLY);
  if (found === undefined || (found.format === 'protobuf' && found.as === 'Table')) {
    throw new ApiError(
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  }
  return found;
};

type Formats = Readonly<Record<string, Negotiated['format']>>;

const firstOf = (entries: readonly string[], formats: Formats): Negotiated | undefined => {
  for (const entry of entries) {
    const found = readEntry(entry, formats);
    if (found !== undefined) return found;
  }
  return undefined;
};

const readEntry = (entry: string, formats: Formats): Negotiated | undefined => {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
  const format = formats[type.toLowerCase()];
  if (format === undefined) return undefined;
  const values = new Map(parameters.map((parameter) => splitOnce(parameter)));
  const as = values.get('as');
  if (as === undefined) return { format, asVersion: '' };
  const version = values.get('v') ?? '';
  const isKnown = FORMS.has(as) && values.get('g') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
  return isKnown ? { format, as: as as NonNullable<Negotiated['as']>, asVersion: version } : undefined;
};

const splitOnce = (parameter: string): [string, string] => {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
};
