import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';
import type { ClusterDns } from '../../runtime/kubelet/config/dns.js';
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
  readonly stopped: Promise<unknown>;
}

/** Ingress, Services and names. */
export const startNetwork = async (_options: NetworkOptions, _signal: AbortSignal): Promise<Network> => ({
  ingressPort: 0,
  dns: undefined,
  stopped: Promise.resolve(),
});
