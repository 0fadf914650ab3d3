import { isApiError } from '../../objects/api-error.js';
import { Namespace } from '../../objects/kinds/core-v1.js';
import type { SyncPolicy } from '../applications/application.js';
import { FIELD_MANAGER } from '../compare/compare.js';
import type { TaskContext } from './apply-task.js';

/** Makes the namespace of a destination, with the labels and annotations that its application manages. */
export const ensureNamespace = async (
  { client, live }: Pick<TaskContext, 'client' | 'live'>,
  name: string,
  managed: SyncPolicy['managedNamespaceMetadata'],
  signal: AbortSignal,
): Promise<void> => {
  signal.throwIfAborted();
  const object: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} };
  if (managed !== undefined) {
    const { labels = {}, annotations = {} } = managed;
    const wanted: Namespace = { ...object, metadata: { name, labels, annotations } };
    live.observe(await client.apply(wanted, { fieldManager: FIELD_MANAGER, force: true }));
    return;
  }
  if ((await client.get(Namespace, { name })) !== undefined) return;
  try {
    live.observe(await client.create(object, { fieldManager: FIELD_MANAGER }));
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error;
  }
};
