import type { Store } from '../../store/store.js';
import { forbidden, notFound } from '../status-errors.js';
import { resourcePrefix } from '../storage-keys.js';
import type { AdmissionPlugin } from './admission-plugin.js';

const NAMESPACES = { group: '', plural: 'namespaces', storageVersion: 'v1' };

/** Namespaces that the cluster cannot be without. */
const PERMANENT = new Set(['default', 'kube-system', 'kube-public']);

/** Objects are made in namespaces that exist and are not being deleted. */
export const namespaceLifecycle = (store: Store): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  admit: (request) => {
    const { target, operation, object } = request;
    if (operation === 'CREATE' && target.namespace !== undefined) requireNamespace(store, request);
    return object;
  },
  validate: ({ operation, target }) => {
    const isNamespace = target.resource.group === '' && target.resource.plural === 'namespaces';
    if (operation === 'DELETE' && isNamespace && PERMANENT.has(target.name ?? '')) {
      throw forbidden(target.resource, target.name ?? '', 'this namespace may not be deleted');
    }
  },
});

const requireNamespace = (
  store: Store,
  { target, object }: Parameters<NonNullable<AdmissionPlugin['admit']>>[0],
): void => {
  const namespace = target.namespace ?? '';
  const stored = store.get(resourcePrefix(NAMESPACES) + namespace);
  if (stored === undefined) throw notFound(NAMESPACES, namespace);
  // Reviews ask a question and leave nothing behind.
  if (stored.object.metadata.deletionTimestamp === undefined || target.resource.group === 'authorization.k8s.io')
    return;
  throw forbidden(
    target.resource,
    object.metadata.name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
};
