import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import type { Application } from './application.js';
import type { Finding } from './conditions.js';

/** The applications that must be healthy before this one is synced. */
export const dependenciesOf = ({ metadata, spec }: Application): readonly ObjectKey[] =>
  (spec.dependsOn ?? []).map(({ name, namespace = metadata.namespace }) =>
    namespace === undefined ? { name } : { namespace, name },
  );

/** Healthy, in sync, and not being changed. */
const isReady = (application: Application | undefined): boolean =>
  application?.status?.health?.status === 'Healthy' &&
  application.status.sync?.status === 'Synced' &&
  application.status.operationState?.phase !== 'Running';

/** Why a sync has to wait for other applications; empty when it need not. */
export const findUnready = (
  application: Application,
  find: (key: ObjectKey) => Application | undefined,
): readonly Finding[] => {
  const cycle = findCycle(application, find);
  if (cycle !== undefined) {
    return [
      { reason: 'WaitingForDependency', message: `spec.dependsOn: a circle that never ends: ${cycle.join(' -> ')}` },
    ];
  }
  return dependenciesOf(application)
    .filter((key) => !isReady(find(key)))
    .map((key) => {
      const other = find(key);
      const state = other === undefined ? 'not there' : (other.status?.health?.status ?? 'not looked at yet');
      const message = `waiting for application "${keyText(key)}" to be synced and healthy: it is ${state}`;
      return { reason: 'WaitingForDependency', message };
    });
};

const findCycle = (
  start: Application,
  find: (key: ObjectKey) => Application | undefined,
): readonly string[] | undefined => {
  const origin = keyText(start.metadata);
  const seen = new Set<string>();
  const visit = (application: Application, path: readonly string[]): readonly string[] | undefined => {
    for (const key of dependenciesOf(application)) {
      const id = keyText(key);
      if (id === origin) return [...path, id];
      if (seen.has(id)) continue;
      seen.add(id);
      const next = find(key);
      const found = next === undefined ? undefined : visit(next, [...path, id]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(start, [origin]);
};
