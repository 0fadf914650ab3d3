import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import type { Logger } from 'pino';
import { createApi, type Api } from '../../cluster/api/api.js';
import type { ApiServer } from '../../cluster/api/http/server.js';
import { startApiServer } from '../../cluster/api/http/server.js';
import { Traffic, type RequestLimits } from '../../cluster/api/http/traffic/traffic.js';
import { AddressRange } from '../../cluster/api/plugins/address-range.js';
import type { Credentials } from '../../cluster/auth/credentials.js';
import { openCredentials } from '../../cluster/auth/credentials.js';
import { kubeconfigFor } from '../../cluster/auth/kubeconfig.js';
import type { Store } from '../../cluster/store/store.js';
import type { Clock } from '../../objects/clock.js';
import type { DetectedRuntime } from '../../runtime/containers/choose-runtime.js';
import type { DataPaths } from '../data-folder.js';
import { accessOf, clientAuthoritiesOf, type AccessOptions } from './access-options.js';
import type { Lifetime } from './lifetime.js';
import { listening } from './listen.js';
import type { ServerSettings } from './server-settings.js';

export interface ApiOptions {
  readonly store: Store;
  readonly paths: DataPaths;
  readonly settings: ServerSettings;
  readonly detected: DetectedRuntime;
  /** 0 takes a free one. */
  readonly port: number;
  readonly access?: AccessOptions;
  readonly limits?: RequestLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface StartedApi {
  readonly api: Api;
  readonly url: string;
  readonly credentials: Credentials;
  /** This machine's address on the pods' network, where there is one. */
  readonly gateway: string | undefined;
  /** Where pods find the API. */
  readonly reachable: { readonly host: string; readonly port: number };
}

const HOST = '127.0.0.1';

/** Where the process runtime gives pods their addresses. */
const PROCESS_PODS = new BlockList();
PROCESS_PODS.addSubnet('127.64.0.0', 11);

/** Serves the API on the loopback, and to containers on their network; writes the administrator's kubeconfig. */
export const startApi = async (options: ApiOptions, lifetime: Lifetime): Promise<StartedApi> => {
  const { store, paths, settings, detected, access = {}, clock, log } = options;
  const clientAuthorities = clientAuthoritiesOf(access);
  const gateway = await gatewayOf(detected);
  const inside = new AddressRange(settings.serviceCidr).first;
  const hosts = gateway === undefined ? [inside] : [inside, gateway];
  const credentials = await openCredentials(paths.pki, { now: clock.now(), hosts });
  const api = createApi({
    store,
    log,
    clock,
    serviceCidr: settings.serviceCidr,
    serviceAccountKey: credentials.serviceAccountKey,
    frontProxy: credentials.frontProxy,
    clientAuthority: credentials.authority.certificate,
    kubelets: { token: settings.kubeletToken, authority: credentials.authority.certificate, address: HOST },
    ...accessOf(access, credentials.adminToken),
  });
  await api.start(lifetime.signal);
  const secure = {
    api,
    log,
    authority: credentials.authority.certificate,
    ...(clientAuthorities !== undefined && { clientAuthorities }),
    certificate: credentials.server,
    traffic: new Traffic(options.limits),
    // Pods that are processes live on the machine's loopback; the proxy leads nowhere else there.
    ...(detected.name === 'process' && { isPodAddress: (address: string) => PROCESS_PODS.check(address) }),
  };
  const serve = async (host: string, port: number): Promise<ApiServer> => {
    const server = await listening([{ what: 'API', option: '--api-port', port }], () =>
      startApiServer(secure, { host, port }),
    );
    lifetime.add(() => server.close());
    return server;
  };
  const server = await serve(HOST, options.port);
  // Containers cannot reach the machine's loopback; credentials are asked for here as well.
  if (gateway !== undefined) await serve(gateway, server.port);
  const reachable = { host: gateway ?? HOST, port: server.port };
  await api.publish({ address: reachable.host, port: reachable.port });
  writeKubeconfig(paths.kubeconfig, server, credentials);
  return { api, url: server.url, credentials, gateway, reachable };
};

/** This machine's address on the pods' network, where containers run on an engine of this machine. */
const gatewayOf = async (detected: DetectedRuntime): Promise<string | undefined> => {
  if (detected.name !== 'docker') return undefined;
  const { findPodGateway } = await import('../../runtime/network/pod-gateway.js');
  return findPodGateway(detected.socketPath);
};

/** For its owner only, and never half-written. */
const writeKubeconfig = (path: string, { url }: ApiServer, credentials: Credentials): void => {
  const text = kubeconfigFor({
    server: url,
    authority: credentials.authority.certificate,
    token: credentials.adminToken,
  });
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
};
