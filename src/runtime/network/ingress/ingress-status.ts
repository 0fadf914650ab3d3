import type { Logger } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import { Ingress } from '../../../objects/kinds/networking-k8s-io-v1.js';
import { keyOf } from '../../../objects/object.js';

/** What an Ingress says of where it is served. */
export const loadBalancerStatus = (host: string, ports: readonly number[]): NonNullable<Ingress['status']> => ({
  loadBalancer: {
    ingress: [{ ip: host, ports: ports.map((port) => ({ port, protocol: 'TCP' })) }],
  },
});

/** Writes the status of an Ingress when it says something else. The next change of the Ingress tries again after a failure. */
export const writeIngressStatus = async (
  client: Client,
  ingress: Ingress,
  status: NonNullable<Ingress['status']>,
  log: Logger,
): Promise<void> => {
  if (JSON.stringify(ingress.status) === JSON.stringify(status)) return;
  try {
    const current = await client.get(Ingress, keyOf(ingress));
    if (current === undefined || JSON.stringify(current.status) === JSON.stringify(status)) return;
    await client.updateStatus({ ...current, status });
  } catch (error) {
    log.debug({ error, ingress: ingress.metadata.name }, 'cannot write the status of an Ingress');
  }
};
