import { ApiError } from '../../../objects/api-error.js';
import { badRequest, invalid, tooLargeVersion, type FieldProblem } from '../status-errors.js';
import type { Machinery } from './machinery.js';

export interface VersionParameters {
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  /** Watches begin with the state there is; lists refuse it. */
  readonly sendInitialEvents?: boolean;
}

/** How long a read waits for a version that the store has not reached. */
const FUTURE_WAIT_MS = 3000;

/** What is wrong with a `resourceVersion`, as Go says it. */
const faultOf = (text: string): string | undefined => {
  const shown = JSON.stringify(text);
  if (/^\d{1,16}$/.test(text)) return undefined;
  const why = /^\d+$/.test(text) && BigInt(text) > 2n ** 64n - 1n ? 'value out of range' : 'invalid syntax';
  return `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: ${why}`;
};

/** A `resourceVersion` parameter as a number; undefined when it is not set. A list says more about what is wrong. */
export const parseVersion = (text: string | undefined, isList = false): number | undefined => {
  if (text === undefined || text === '') return undefined;
  const fault = faultOf(text);
  if (fault === undefined) return Number(text);
  throw isList ? badRequest(`invalid resource version: ${fault}`) : new ApiError('Unknown', fault);
};

const FIELD = 'resourceVersionMatch';

const forbidden = (why: string, field = FIELD): FieldProblem => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${why}`,
});

const unsupported = (match: string, supported: string): FieldProblem => ({
  reason: 'FieldValueNotSupported',
  field: FIELD,
  message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`,
});

const refuseAny = (problems: readonly FieldProblem[]): void => {
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems);
};

/** Checks the pair of parameters of a list. */
export const checkListMatch = (
  { resourceVersion = '', resourceVersionMatch: match = '', sendInitialEvents }: VersionParameters,
  continues: boolean,
): void => {
  const problems = match === '' ? [] : matchProblems(resourceVersion, match, continues);
  if (sendInitialEvents !== undefined) {
    problems.push(forbidden('sendInitialEvents is forbidden for list', 'sendInitialEvents'));
  }
  refuseAny(problems);
};

const matchProblems = (resourceVersion: string, match: string, continues: boolean): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  if (resourceVersion === '') {
    problems.push(forbidden('resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (continues) problems.push(forbidden('resourceVersionMatch is forbidden when continue is provided'));
  if (match !== 'Exact' && match !== 'NotOlderThan') problems.push(unsupported(match, '"Exact", "NotOlderThan", ""'));
  if (match === 'Exact' && resourceVersion === '0') {
    problems.push(forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return problems;
};

/** Checks the parameters of a watch that ask for the state at its start. */
export const checkWatchMatch = ({ resourceVersionMatch: match = '', sendInitialEvents }: VersionParameters): void => {
  const problems: FieldProblem[] = [];
  if (sendInitialEvents === undefined && match !== '') {
    problems.push(forbidden('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    problems.push(forbidden('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '' && match !== 'NotOlderThan') problems.push(unsupported(match, '"NotOlderThan"'));
  refuseAny(problems);
};

/** Resolves when the store has reached `version`; fails when it does not within three seconds. */
export const reachVersion = async (machinery: Machinery, version: number, signal: AbortSignal): Promise<void> => {
  const { store, clock } = machinery;
  if (store.revision >= version) return;
  const stop = new AbortController();
  const limit = AbortSignal.any([signal, stop.signal]);
  const timer = clock.sleep(FUTURE_WAIT_MS, limit).then(
    () => stop.abort(),
    () => undefined,
  );
  for await (const event of store.watch('', store.revision, limit)) if (event.revision >= version) break;
  stop.abort();
  await timer;
  if (store.revision < version) throw tooLargeVersion(version, store.revision);
};
