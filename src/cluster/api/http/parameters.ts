import { isRecord } from '../../../objects/json.js';
import type { ListParameters } from '../operations/read.js';
import type { DeleteParameters } from '../operations/remove.js';
import type { WatchParameters } from '../operations/watch.js';
import type { FieldValidation, WriteParameters } from '../request.js';
import { badRequest, invalid, type FieldProblem } from '../status-errors.js';

type Query = URLSearchParams;

const text = (query: Query, name: string): string | undefined => {
  const value = query.get(name);
  return value === null || value === '' ? undefined : value;
};

/** Booleans as the API reads them: everything but `0` and `false` is true, and so is the bare name. */
export const flag = (query: Query, name: string): boolean | undefined => {
  const value = query.get(name);
  return value === null ? undefined : value !== '0' && value.toLowerCase() !== 'false';
};

const integer = (query: Query, name: string): number | undefined => {
  const value = query.get(name);
  if (value === null) return undefined;
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  const why = /^-?\d{16,}$/.test(value) ? 'value out of range' : 'invalid syntax';
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${why}`);
};

const defined = <T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

export const listParameters = (query: Query): ListParameters => {
  const limit = integer(query, 'limit');
  integer(query, 'timeoutSeconds');
  return defined<ListParameters>({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    limit: limit === undefined || limit < 0 ? undefined : limit,
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
  });
};

export interface WatchRequest extends WatchParameters {
  readonly timeoutSeconds?: number;
}

export const watchParameters = (query: Query): WatchRequest =>
  defined<WatchRequest>({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
    allowWatchBookmarks: flag(query, 'allowWatchBookmarks'),
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  });

export type WriteKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const VALIDATIONS: readonly FieldValidation[] = ['Ignore', 'Warn', 'Strict'];

/** The parameters of a write. Throws Invalid for values that the API does not know. */
export const writeParameters = (query: Query, kind: WriteKind): WriteParameters => {
  const problems: FieldProblem[] = [];
  const dryRun = dryRunOf(query.getAll('dryRun'), problems);
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > 128) {
    problems.push({
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: 'Too long: may not be more than 128 bytes',
    });
  }
  const unprintable = Array.from(fieldManager).findIndex(
    (character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character),
  );
  if (unprintable >= 0) {
    const message = `Invalid value: ${JSON.stringify(fieldManager)}: invalid character U+${hex(fieldManager, unprintable)} (at position ${unprintable})`;
    problems.push({ reason: 'FieldValueInvalid', field: 'fieldManager', message });
  }
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (fieldValidation !== '' && !VALIDATIONS.includes(fieldValidation as FieldValidation)) {
    const message = `Unsupported value: ${JSON.stringify(fieldValidation)}: supported values: "", "Ignore", "Strict", "Warn"`;
    problems.push({ reason: 'FieldValueNotSupported', field: 'fieldValidation', message });
  }
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', problems);
  return {
    dryRun,
    fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
  };
};

const hex = (value: string, index: number): string =>
  (Array.from(value)[index]?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');

const dryRunOf = (values: readonly string[], problems: FieldProblem[]): boolean => {
  const asked = values.filter((value) => value !== '');
  if (asked.some((value) => value !== 'All')) {
    const message = `Unsupported value: ${JSON.stringify(asked)}: supported values: "All"`;
    problems.push({ reason: 'FieldValueNotSupported', field: 'dryRun', message });
  }
  return asked.length > 0;
};

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Fields of DeleteOptions, the types that their values have in JSON, and in Go. */
const OPTION_TYPES: readonly (readonly [field: string, json: string, go: string])[] = [
  ['gracePeriodSeconds', 'number', 'int64'],
  ['orphanDependents', 'boolean', 'bool'],
  ['propagationPolicy', 'string', 'v1.DeletionPropagation'],
  ['preconditions', 'object', 'v1.Preconditions'],
  ['dryRun', 'array', '[]string'],
];

/** Throws BadRequest for a value of another type than its field. */
const checkOptionTypes = (options: Readonly<Record<string, unknown>>): void => {
  for (const [field, json, go] of OPTION_TYPES) {
    const value = options[field] ?? undefined;
    const found = Array.isArray(value) ? 'array' : typeof value;
    if (value === undefined || found === json) continue;
    const named = found === 'boolean' ? 'bool' : found;
    throw badRequest(`json: cannot unmarshal ${named} into Go struct field DeleteOptions.${field} of type ${go}`);
  }
};

/** Whether the answer says that dependents are deleted in the background, in the old way of asking for that. */
export const asksForBackground = (query: Query, body: unknown): boolean =>
  (isRecord(body) ? body['orphanDependents'] : flag(query, 'orphanDependents')) === false;

/** DeleteOptions from the body, or from the query when there is none. */
export const deleteParameters = (query: Query, body: unknown): DeleteParameters => {
  const options = isRecord(body) ? body : optionsInQuery(query);
  checkOptionTypes(options);
  const problems: FieldProblem[] = [];
  const dryRun = dryRunOf(stringsOf(options['dryRun']), problems);
  const policy = options['propagationPolicy'];
  if (policy !== undefined && policy !== null && !POLICIES.some((known) => known === policy)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    problems.push({ reason: 'FieldValueNotSupported', field: 'propagationPolicy', message });
  }
  const orphans = options['orphanDependents'];
  if (policy !== undefined && typeof orphans === 'boolean') {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    problems.push({ reason: 'FieldValueInvalid', field: 'propagationPolicy', message });
  }
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', problems);
  const grace = options['gracePeriodSeconds'];
  const byOrphans = typeof orphans === 'boolean' ? (orphans ? 'Orphan' : 'Background') : undefined;
  return {
    dryRun,
    ...defined<Omit<DeleteParameters, 'dryRun'>>({
      gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
      propagationPolicy: (policy as DeleteParameters['propagationPolicy'] | null) ?? byOrphans,
      preconditions: preconditionsOf(options['preconditions']),
    }),
  };
};

const optionsInQuery = (query: Query): Readonly<Record<string, unknown>> => ({
  dryRun: query.getAll('dryRun'),
  gracePeriodSeconds: integer(query, 'gracePeriodSeconds'),
  propagationPolicy: text(query, 'propagationPolicy'),
  orphanDependents: flag(query, 'orphanDependents'),
});

const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

const preconditionsOf = (value: unknown): DeleteParameters['preconditions'] => {
  if (!isRecord(value)) return undefined;
  const { uid, resourceVersion } = value;
  return defined<NonNullable<DeleteParameters['preconditions']>>({
    uid: typeof uid === 'string' && uid !== '' ? uid : undefined,
    resourceVersion: typeof resourceVersion === 'string' && resourceVersion !== '' ? resourceVersion : undefined,
  });
};
