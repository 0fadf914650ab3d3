import type { InformerSet } from '../../cluster/client/informer.js';
import { isConditionTrue } from '../../objects/conditions.js';
import { Pod } from '../../objects/kinds/core-v1.js';
import { Application } from '../../sync/applications/application.js';
import { shortRevision } from '../commands/app/application-text.js';

/** Tells what happens to applications and pods while `work` runs, a line for each change that a person cares about. */
export const followProgress = async <T>(
  informers: InformerSet,
  report: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> => {
  const told = new Map<string, string>();
  // What is there already is told to a new handler at once: it is no news.
  let isNews = false;
  const tell = (subject: string, text: string): void => {
    if (text === '' || told.get(subject) === text) return;
    told.set(subject, text);
    if (isNews) report(`${subject}  ${text}`);
  };
  const unsubscribe = [
    informers.informer(Application).onEvent(({ type, object }) => {
      if (type !== 'deleted') tell(object.metadata.name, applicationText(object));
    }),
    informers.informer(Pod).onEvent(({ type, object }) => {
      const subject = `${object.metadata.namespace}/${object.metadata.name}`;
      if (type !== 'deleted') tell(subject, podText(object));
    }),
  ];
  isNews = true;
  try {
    return await work();
  } finally {
    for (const end of unsubscribe) end();
  }
};

/** `cloned 1a2b3c4, rendered 6 manifests, plan: 6 to apply; Synced, Progressing: waiting for ...`. */
const applicationText = ({ status }: Application): string => {
  if (status?.sync?.revision === undefined) return '';
  const resources = status.resources ?? [];
  const planned = resources.filter((resource) => resource.status === 'OutOfSync').length;
  const operation = status.operationState;
  return [
    `cloned ${shortRevision(status.sync.revision)}, rendered ${resources.length} manifests`,
    planned === 0 ? status.sync.status : `plan: ${planned} to apply`,
    status.health?.status ?? '',
    operation?.phase === 'Running' ? (operation.message ?? '') : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
};

const podText = (pod: Pod): string => {
  if (pod.metadata.deletionTimestamp !== undefined) return 'ending';
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined)?.state?.waiting
    ?.reason;
  if (isConditionTrue(pod.status?.conditions, 'Ready')) return 'ready';
  return waiting ?? pod.status?.phase ?? '';
};
