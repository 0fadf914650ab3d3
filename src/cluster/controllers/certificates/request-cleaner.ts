import { CertificateSigningRequest } from '../../../objects/kinds/certificates-k8s-io-v1.js';
import { isConditionTrue } from '../../../objects/conditions.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { timeOf } from '../pods/pod-state.js';

const HOUR_MS = 3_600_000;

/** How long a request is kept: an hour once it is decided, a day while nobody has decided. */
export const requestLifetimeMs = ({ status }: CertificateSigningRequest): number => {
  const isDecided = ['Approved', 'Denied', 'Failed'].some((type) => isConditionTrue(status?.conditions, type));
  return isDecided ? HOUR_MS : 24 * HOUR_MS;
};

/** Removes old CertificateSigningRequests. Who approves them is up to people. */
export const createRequestCleaner = ({ client, clock, informers }: ControllerDeps): Controller => {
  const requests = informers.informer(CertificateSigningRequest);
  return {
    name: 'csrcleaner',
    watches: [watchSelf(CertificateSigningRequest)],
    reconcile: async (key) => {
      const request = requests.get(key);
      if (request === undefined) return DONE;
      const since = (request.status?.conditions ?? []).map(({ lastUpdateTime }) => timeOf(lastUpdateTime) ?? 0);
      const from = Math.max(timeOf(request.metadata.creationTimestamp) ?? 0, ...since);
      const leftMs = from + requestLifetimeMs(request) - clock.now();
      if (leftMs > 0) return { requeueAfterMs: leftMs };
      await client.delete(CertificateSigningRequest, keyOf(request));
      return DONE;
    },
  };
};
