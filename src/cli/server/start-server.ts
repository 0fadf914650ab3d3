import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import type { Logger } from 'pino';
import { createApi, SYSTEM_USER } from '../../cluster/api/api.js';
import { AddressRange } from '../../cluster/api/plugins/address-range.js';
import type { ApiServer } from '../../cluster/api/http/server.js';
import { startApiServer } from '../../cluster/api/http/server.js';
import { ADMIN_USER, staticToken } from '../../cluster/auth/authenticator.js';
import type { Credentials } from '../../cluster/auth/credentials.js';
import { openCredentials } from '../../cluster/auth/credentials.js';
import { kubeconfigFor } from '../../cluster/auth/kubeconfig.js';
import type { Client } from '../../cluster/client/client.js';
import { runControllers } from '../../cluster/client/controller-runner.js';
import { createEventRecorder } from '../../cluster/client/event-recorder.js';
import { createInformerSet } from '../../cluster/client/informer-set.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import { builtinControllers } from '../../cluster/controllers/builtin-controllers.js';
import { runScheduler } from '../../cluster/scheduler/scheduler.js';
import { openLmdbStore } from '../../cluster/store/lmdb-store.js';
import { systemClock } from '../../objects/clock.js';
import { createRenderPool } from '../../render/pool/render-pool.js';
import type { DetectedRuntime, RuntimeChoice } from '../../runtime/containers/choose-runtime.js';
import { createRuntime } from '../../runtime/containers/choose-runtime.js';
import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';
import type { Operator } from '../../sync/operator.js';
import { startOperator } from '../../sync/operator.js';
import { dataPaths } from '../data-folder.js';
import { CommandFailure } from '../exit-statuses.js';
import { KUBERNETES_VERSION } from '../version.js';
import { chooseServerRuntime } from './choose-server-runtime.js';
import { DEFAULT_MAINTENANCE } from './maintenance-time.js';
import { startMaintenance } from './maintenance.js';
import { startNetwork } from './start-network.js';
import { startNodes } from './start-nodes.js';
import type { WebRoute } from './web-server.js';
import { startWebServer } from './web-server.js';

export interface ServerOptions {
  readonly dataDir: string;
  readonly runtime: RuntimeChoice;
  readonly nodes: number;
  /** 0 takes a free port. */
  readonly apiPort: number;
  readonly webPort: number;
  readonly ingressPort: number;
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

/** Where the process runtime gives pods their addresses. */
const PROCESS_PODS = new BlockList();
PROCESS_PODS.addSubnet('127.64.0.0', 11);

/** Starts the server on a data folder. Resolves when it is ready. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  const { dataDir, log } = options;
  const clock = systemClock;
  const paths = dataPaths(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { detected, settings } = await chooseServerRuntime(dataDir, options.runtime);
  const store = openLmdbStore(paths.store);
  const stopping = new AbortController();
  const closers: (() => Promise<unknown>)[] = [() => store.close()];
  const close = async (): Promise<void> => {
    stopping.abort();
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => log.error({ err: error }, 'a part of the server did not stop well'));
    }
  };
  const { signal } = stopping;
  /** Work that ends by itself when the signal fires; a failure before that is the server's failure. */
  const owned = (part: string, work: Promise<unknown>): void => {
    const watched = work.catch((error: unknown) => {
      if (!signal.aborted) log.fatal({ err: error, part }, 'a part of the server has failed');
    });
    closers.push(() => watched);
  };
  try {
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
      kubelets: { token: settings.kubeletToken, authority: credentials.authority.certificate, address: HOST },
      tokenChecks: [staticToken(credentials.adminToken, ADMIN_USER)],
    });
    await api.start(signal);
    const secure = {
      api,
      log,
      authority: credentials.authority.certificate,
      certificate: credentials.server,
      // Pods that are processes live on the machine's loopback; the proxy leads nowhere else there.
      ...(detected.name === 'process' && { isPodAddress: (address: string) => PROCESS_PODS.check(address) }),
    };
    const apiServer = await listen('API', '--api-port', options.apiPort, () =>
      startApiServer(secure, { host: HOST, port: options.apiPort }),
    );
    closers.push(() => apiServer.close());
    if (gateway !== undefined) {
      // Containers cannot reach the machine's loopback; credentials are asked for here as well.
      const forPods = await listen('API', '--api-port', apiServer.port, () =>
        startApiServer(secure, { host: gateway, port: apiServer.port }),
      );
      closers.push(() => forPods.close());
    }
    const reachable = { host: gateway ?? HOST, port: apiServer.port };
    await api.publish({ address: reachable.host, port: reachable.port });
    writeKubeconfig(paths.kubeconfig, apiServer, credentials);

    const client = api.client();
    /** The client of a part, by the name under which Kubernetes' part of that kind owns what it writes. */
    const clientOf = (component: string): Client => api.client(SYSTEM_USER, component);
    const informers = createInformerSet(client, { log, clock });
    const recorder = (component: string) => createEventRecorder(client, { component, clock, log });
    const controllers = builtinControllers(
      { client: clientOf('kube-controller-manager'), informers, clock, log, recorder },
      { rootCa: credentials.authority.certificate, signer: credentials.authority, volumeFolder: paths.volumes },
    );
    owned('controllers', runControllers(controllers, { informers, clock, log }, signal));
    owned(
      'scheduler',
      runScheduler(
        { client: clientOf('kube-scheduler'), informers, recorder: recorder('default-scheduler'), clock, log },
        signal,
      ),
    );

    const openRuntime = (): Promise<ContainerRuntime> => createRuntime(detected, { root: paths.pods, clock, log });
    const runtime = await openRuntime();
    closers.push(() => runtime.close());
    const network = await listen('ingress', '--ingress-port', options.ingressPort, () =>
      startNetwork({ client, informers, settings, gateway, dataDir, ingressPort: options.ingressPort, clock, log }),
    );
    closers.push(() => network.close());
    const nodes = await startNodes(
      {
        client: clientOf('kubelet'),
        informers,
        runtime,
        settings,
        count: options.nodes,
        folder: paths.pods,
        certificate: credentials.server,
        apiServer: reachable,
        clock,
        log,
        ...(network.dns !== undefined && { dns: network.dns }),
      },
      signal,
    );
    closers.push(() => nodes.stopped);

    const renderPool = createRenderPool();
    closers.push(() => renderPool.close());
    const operator = await startOperator(
      {
        client,
        informers,
        renderPool,
        dataDir: paths.operator,
        clock,
        log,
        kubeVersion: KUBERNETES_VERSION,
        ...(options.pollSeconds !== undefined && { poll: { intervalMs: options.pollSeconds * 1000 } }),
      },
      signal,
    );
    owned('operator', operator.stopped);
    closers.push(startMaintenance({ when: options.maintenance ?? DEFAULT_MAINTENANCE, operator, store, clock, log }));

    const web = await listen('web', '--web-port', options.webPort, () =>
      startWebServer({ host: HOST, port: options.webPort, routes: options.webRoutes ?? [], isReady: () => true, log }),
    );
    closers.push(() => web.close());
    return {
      apiUrl: apiServer.url,
      webUrl: web.url,
      ingressPort: network.ingressPort,
      createRuntime: openRuntime,
      runtimeReason: detected.reason,
      servicesReason: network.services,
      kubeconfig: paths.kubeconfig,
      client,
      informers,
      operator,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** This machine's address on the pods' network, where containers run on an engine of this machine. */
const gatewayOf = async (detected: DetectedRuntime): Promise<string | undefined> => {
  if (detected.name !== 'docker') return undefined;
  const { findPodGateway } = await import('../../runtime/network/pod-gateway.js');
  return findPodGateway(detected.socketPath);
};

/** Starts something that listens; a port that is taken is said with the option that chooses another. */
const listen = async <T>(what: string, option: string, port: number, start: () => Promise<T>): Promise<T> => {
  try {
    return await start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new CommandFailure(`Port ${port} for the ${what} is in use; choose another one with ${option}`);
  }
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
