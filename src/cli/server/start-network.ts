import { getServers } from 'node:dns';
import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { ClusterDns } from '../../runtime/kubelet/config/dns.js';
import type { DnsServer } from '../../runtime/network/dns/start-dns.js';
import { startDns } from '../../runtime/network/dns/start-dns.js';
import { startIngress } from '../../runtime/network/ingress/start-ingress.js';
import { ServiceEndpoints } from '../../runtime/network/service-endpoints.js';
import { startServiceProxy } from '../../runtime/network/services/start-service-proxy.js';
import type { ServerSettings } from './server-settings.js';

export interface NetworkOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly settings: ServerSettings;
  /** This machine's address on the pods' network, where there is one. */
  readonly gateway: string | undefined;
  readonly dataDir: string;
  readonly ingressPort: number;
  /** Where Ingresses are served over HTTPS; absent: nowhere. */
  readonly ingressTlsPort?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Network {
  readonly ingressPort: number;
  readonly ingressTlsPort: number | undefined;
  /** Names for pods; absent where they cannot be served. */
  readonly dns: ClusterDns | undefined;
  /** How pods reach Services, in words for people. */
  readonly services: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const DNS_PORT = 53;

/** Ingress for those outside; Services and names for pods, where the runtime can. */
export const startNetwork = async (options: NetworkOptions): Promise<Network> => {
  const { client, informers, settings, gateway, clock, log } = options;
  const endpoints = new ServiceEndpoints(informers);
  const { ingressPort: port, ingressTlsPort: tlsPort } = options;
  const secure = tlsPort === undefined ? {} : { tlsPort };
  const ingress = await startIngress({ client, informers, endpoints, host: HOST, port, ...secure, log });
  const services = await startServiceProxy({
    client,
    informers,
    endpoints,
    runtime: settings.runtime,
    instance: options.dataDir,
    host: HOST,
    clock,
    log,
    ...(gateway !== undefined && { gateway }),
  });
  const dns = gateway === undefined ? undefined : await tryDns(informers, endpoints, gateway, log);
  return {
    ingressPort: ingress.port,
    ingressTlsPort: ingress.tlsPort,
    dns: dns === undefined ? undefined : clusterDns(dns),
    services: services.clusterAddresses.reason,
    close: async () => {
      await Promise.all([ingress.close(), services.close(), dns?.close()]);
    },
  };
};

const clusterDns = ({ host }: DnsServer): ClusterDns => ({
  servers: [host],
  domain: 'cluster.local',
  host: { servers: getServers(), searches: [], options: [] },
});

/** Names need port 53, and so root or a capability; without it pods resolve as the machine does. */
const tryDns = async (
  informers: InformerSet,
  endpoints: ServiceEndpoints,
  host: string,
  log: Logger,
): Promise<DnsServer | undefined> => {
  try {
    return await startDns({ informers, endpoints, host, port: DNS_PORT, log });
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EADDRINUSE') throw error;
    log.warn(`names of Services are not served to pods: cannot listen on ${host}:${DNS_PORT} (${code})`);
    return undefined;
  }
};
