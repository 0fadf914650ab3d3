import { isApiError } from '../../../objects/api-error.js';
import { Namespace, ServiceAccount } from '../../../objects/kinds/core-v1.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';

const DEFAULT = 'default';

/** Every namespace has a service account `default`: pods that name none run as it. */
export const createServiceAccountController = ({ client, informers }: ControllerDeps): Controller => {
  const namespaces = informers.informer(Namespace);
  const accounts = informers.informer(ServiceAccount);
  return {
    name: 'serviceaccount',
    watches: [
      watchSelf(Namespace),
      {
        kind: ServiceAccount,
        keys: ({ metadata }) => (metadata.name === DEFAULT ? [{ name: metadata.namespace ?? '' }] : []),
      },
    ],
    reconcile: async ({ name }) => {
      const namespace = namespaces.get({ name });
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return DONE;
      if (accounts.get({ namespace: name, name: DEFAULT }) !== undefined) return DONE;
      try {
        await client.create<ServiceAccount>({ ...ServiceAccount, metadata: { namespace: name, name: DEFAULT } });
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
      }
      return DONE;
    },
  };
};
