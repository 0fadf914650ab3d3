import { isApiError } from '../../../objects/api-error.js';
import { ConfigMap, Namespace } from '../../../objects/kinds/core-v1.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
  'clusters.';

/** Every namespace has the certificate by which pods know the API server: `rootCa` in PEM. */
export const createRootCaController = ({ client, informers }: ControllerDeps, rootCa: string): Controller => {
  const namespaces = informers.informer(Namespace);
  const configMaps = informers.informer(ConfigMap);
  return {
    name: 'root-ca-certificate-publisher',
    watches: [
      watchSelf(Namespace),
      {
        kind: ConfigMap,
        keys: ({ metadata }) => (metadata.name === NAME ? [{ name: metadata.namespace ?? '' }] : []),
      },
    ],
    reconcile: async ({ name }) => {
      const namespace = namespaces.get({ name });
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return DONE;
      const known = configMaps.get({ namespace: name, name: NAME });
      const data = { 'ca.crt': rootCa };
      if (known?.data?.['ca.crt'] === rootCa && Object.keys(known.data).length === 1) return DONE;
      const annotations = { 'kubernetes.io/description': DESCRIPTION };
      try {
        if (known !== undefined) await client.update<ConfigMap>({ ...known, data });
        else
          await client.create<ConfigMap>({
            ...ConfigMap,
            metadata: { namespace: name, name: NAME, annotations },
            data,
          });
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
      }
      return DONE;
    },
  };
};
