import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { RequestLimits } from '../../cluster/api/http/traffic/traffic.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import { openLmdbStore } from '../../cluster/store/lmdb-store.js';
import { systemClock } from '../../objects/clock.js';
import { createRenderPool } from '../../render/pool/render-pool.js';
import { createRuntime } from '../../runtime/containers/choose-runtime.js';
import type { RuntimeChoice } from '../../runtime/containers/choose-runtime.js';
import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';
import type { Operator } from '../../sync/operator.js';
import { startOperator } from '../../sync/operator.js';
import { dataPaths } from '../data-folder.js';
import { KUBERNETES_VERSION } from '../version.js';
import type { AccessOptions } from './access-options.js';
import { chooseServerRuntime } from './choose-server-runtime.js';
import { Lifetime } from './lifetime.js';
import { listening, type PortOption } from './listen.js';
import { DEFAULT_MAINTENANCE } from './maintenance-time.js';
import { startMaintenance } from './maintenance.js';
import { startApi } from './start-api.js';
import { startControlPlane } from './start-control-plane.js';
import { startNetwork } from './start-network.js';
import { startNodes } from './start-nodes.js';
import type { WebRoute } from './web-server.js';
import { startWebServer } from './web-server.js';

export interface ServerOptions {
  readonly dataDir: string;
  readonly runtime: RuntimeChoice;
  /** 0: pods stay as they are made. */
  readonly nodes: number;
  /** Addresses of Services, for a new data folder. */
  readonly serviceCidr?: string;
  readonly access?: AccessOptions;
  /** What requests to the API are held to. Default: as Kubernetes has it. */
  readonly limits?: RequestLimits;
  /** 0 takes a free port. */
  readonly apiPort: number;
  readonly webPort: number;
  readonly ingressPort: number;
  /** Where Ingresses are served over HTTPS; absent: nowhere. */
  readonly ingressTlsPort?: number;
  readonly webRoutes?: readonly WebRoute[];
  /** Seconds between looks at a Git repository. Default 120, with jitter. */
  readonly pollSeconds?: number;
  /** When maintenance runs: a cron expression in local time, or `off`. Default: at night. */
  readonly maintenance?: string;
  readonly log: Logger;
}

/** Everything in one process. */
export interface Server {
  readonly apiUrl: string;
  readonly webUrl: string;
  readonly ingressPort: number;
  readonly ingressTlsPort: number | undefined;
  /** Another hold on the runtime, for what comes after the server. */
  readonly createRuntime: () => Promise<ContainerRuntime>;
  /** Which runtime and why, for people. */
  readonly runtimeReason: string;
  readonly kubeconfig: string;
  /** How pods reach Services, for people. */
  readonly servicesReason: string;
  /** As the administrator. */
  readonly client: Client;
  readonly informers: InformerSet;
  readonly operator: Operator;
  /** Stops the server; containers keep running. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts the server on a data folder. Resolves when it is ready. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  const lifetime = new Lifetime(options.log);
  try {
    return await startParts(options, lifetime);
  } catch (error) {
    await lifetime.close();
    throw error;
  }
};

const startParts = async (options: ServerOptions, lifetime: Lifetime): Promise<Server> => {
  const { dataDir, log } = options;
  const { signal } = lifetime;
  const clock = systemClock;
  const paths = dataPaths(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { detected, settings } = await chooseServerRuntime(dataDir, options);
  const store = openLmdbStore(paths.store);
  lifetime.add(() => store.close());
  const parts = { ...options, store, paths, settings, detected, port: options.apiPort, clock };
  const served = await startApi(parts, lifetime);
  const { api, credentials, gateway } = served;
  const { client, informers, clientOf } = startControlPlane({ api, credentials, paths, clock, log }, lifetime);

  const openRuntime = (): Promise<ContainerRuntime> => createRuntime(detected, { root: paths.pods, clock, log });
  const runtime = await openRuntime();
  lifetime.add(() => runtime.close());
  const network = await listening(ingressPorts(options), () =>
    startNetwork({ client, informers, settings, gateway, ...options, clock, log }),
  );
  lifetime.add(() => network.close());
  const nodes = await startNodes(
    {
      client: clientOf('kubelet'),
      informers,
      runtime,
      settings,
      count: options.nodes,
      folder: paths.pods,
      certificate: credentials.server,
      apiServer: served.reachable,
      clock,
      log,
      ...(network.dns !== undefined && { dns: network.dns }),
    },
    signal,
  );
  lifetime.add(() => nodes.stopped);

  const renderPool = createRenderPool();
  lifetime.add(() => renderPool.close());
  const poll = options.pollSeconds === undefined ? {} : { poll: { intervalMs: options.pollSeconds * 1000 } };
  const operator = await startOperator(
    { client, informers, renderPool, dataDir: paths.operator, clock, log, kubeVersion: KUBERNETES_VERSION, ...poll },
    signal,
  );
  lifetime.own('operator', operator.stopped);
  lifetime.add(startMaintenance({ when: options.maintenance ?? DEFAULT_MAINTENANCE, operator, store, clock, log }));

  const web = await listening([{ what: 'web', option: '--web-port', port: options.webPort }], () =>
    startWebServer({ host: HOST, port: options.webPort, routes: options.webRoutes ?? [], isReady: () => true, log }),
  );
  lifetime.add(() => web.close());
  return {
    apiUrl: served.url,
    webUrl: web.url,
    ingressPort: network.ingressPort,
    ingressTlsPort: network.ingressTlsPort,
    createRuntime: openRuntime,
    runtimeReason: detected.reason,
    servicesReason: network.services,
    kubeconfig: paths.kubeconfig,
    client,
    informers,
    operator,
    close: () => lifetime.close(),
  };
};

const ingressPorts = ({ ingressPort, ingressTlsPort }: ServerOptions): readonly PortOption[] => [
  { what: 'ingress', option: '--ingress-port', port: ingressPort },
  ...(ingressTlsPort === undefined
    ? []
    : [{ what: 'ingress over HTTPS', option: '--ingress-tls-port', port: ingressTlsPort }]),
];
