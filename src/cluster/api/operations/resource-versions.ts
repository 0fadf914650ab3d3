import { badRequest, invalid, tooLargeVersion, type FieldProblem } from '../status-errors.js';
import type { Machinery } from './machinery.js';

export interface VersionParameters {
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

/** How long a read waits for a version that the store has not reached. */
const FUTURE_WAIT_MS = 3000;

/** A `resourceVersion` parameter as a number; undefined when it is not set. */
export const parseVersion = (text: string | undefined): number | undefined => {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,16}$/.test(text)) {
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
};

const listOptionsInvalid = (problem: FieldProblem): never => {
  throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [problem]);
};

const forbid = (why: string): never =>
  listOptionsInvalid({ reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message: `Forbidden: ${why}` });

/** Checks the pair of parameters of a list. */
export const checkListMatch = (
  { resourceVersion, resourceVersionMatch: match }: VersionParameters,
  continues: boolean,
): void => {
  if (match === undefined || match === '') return;
  if (resourceVersion === undefined || resourceVersion === '') {
    forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (continues) forbid('resourceVersionMatch is forbidden when continue is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    listOptionsInvalid({
      reason: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
    });
  }
  if (match === 'Exact' && resourceVersion === '0') {
    forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
};

/** Checks the parameters of a watch that ask for the state at its start. */
export const checkWatchMatch = (parameters: VersionParameters & { readonly sendInitialEvents?: boolean }): void => {
  const { resourceVersionMatch: match, sendInitialEvents } = parameters;
  if (sendInitialEvents === undefined) {
    if (match !== undefined && match !== '') {
      forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    }
    return;
  }
  if (match === undefined || match === '') {
    forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match !== 'NotOlderThan') {
    listOptionsInvalid({
      reason: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      message: `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`,
    });
  }
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
