import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';
import type { ClusterDns } from '../../runtime/kubelet/config/dns.js';
import { startIngress } from '../../runtime/network/ingress/start-ingress.js';
import { ServiceEndpoints } from '../../runtime/network/service-endpoints.js';
import type { ServerSettings } from './server-settings.js';

export interface NetworkOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly runtime: ContainerRuntime;
  readonly settings: ServerSettings;
  readonly ingressPort: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Network {
  readonly ingressPort: number;
  readonly dns: ClusterDns | undefined;
  close(): Promise<void>;
}

/** Ingress, Services and names. */
export const startNetwork = async ({ client, informers, ingressPort, log }: NetworkOptions): Promise<Network> => {
  const endpoints = new ServiceEndpoints(informers);
  const ingress = await startIngress({ client, informers, endpoints, host: '127.0.0.1', port: ingressPort, log });
  return {
    ingressPort: ingress.port,
    dns: undefined,
    close: async () => {
      await ingress.close();
    },
  };
};
