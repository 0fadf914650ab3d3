import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import { createEventRecorder } from '../../cluster/client/event-recorder.js';
import type { Informer, InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import { systemClock } from '../../objects/clock.js';
import { ConfigMap, PersistentVolumeClaim, Pod, Secret, Service } from '../../objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../containers/container-runtime.js';
import type { VolumeManager } from '../volumes/volume-manager.js';
import type { ClusterDns } from './config/dns.js';
import { ImageManager } from './images/image-manager.js';
import type { KubeletContext, PodReferences } from './kubelet-context.js';
import type { Machine } from './node/machine.js';
import { thisMachine } from './node/machine.js';
import { NodeAgent } from './node/node-agent.js';
import type { NodeInput } from './node/node-object.js';
import { capacityOf } from './node/node-object.js';
import { podsInRuntime, removeOrphan } from './orphans.js';
import { PodWorker } from './pods/pod-worker.js';
import type { KubeletServerOptions } from './server/kubelet-server.js';
import { startKubeletServer } from './server/kubelet-server.js';
import { Prober } from './probes/prober.js';
import { RuntimeView } from './runtime-view.js';
import { containerFieldPath } from './plan/pod-containers.js';
import { StatusWriter } from './status/status-writer.js';

export interface KubeletOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly runtime: ContainerRuntime;
  /** Shared by the kubelets of one process; made for this one when absent. */
  readonly view?: RuntimeView;
  readonly volumes: VolumeManager;
  readonly nodeName: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Folder for the kubelet's own files: that of the volumes. */
  readonly rootFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds that only grow. Default: of the process with the system clock, else those of `clock`. */
  readonly steady?: () => number;
  /** What the node has. Default: what this machine has. */
  readonly machine?: Machine;
  /** Default 110. */
  readonly maxPods?: number;
  /** Default: no cluster DNS, pods resolve as the host does. */
  readonly dns?: ClusterDns;
  /** Where pods reach the API server. Default: the address of the Service default/kubernetes. */
  readonly apiServer?: { readonly host: string; readonly port: number };
  /** The kubelet's own server for logs, streams and stats, started here. */
  readonly server?: Omit<KubeletServerOptions, 'clock' | 'log'>;
  /** Port of a server that was started by the caller, as the Node names it. */
  readonly serverPort?: number;
}

/** A running kubelet. */
export interface Kubelet {
  readonly nodeName: string;
  readonly context: KubeletContext;
  readonly kubeletPort?: number;
  /** Pods of this node as the API has them. */
  pods(): readonly Pod[];
  /** Resolves when everything has stopped after the signal fired. Containers keep running. */
  readonly stopped: Promise<void>;
}

const ORPHANS_MS = 30_000;
const NO_DNS = { servers: [], searches: [], options: [] };

/**
 * Runs the pods that are assigned to the node, until the signal fires. Resolves when the node is registered and what
 * ran before is adopted. Stopping it stops no container.
 */
export const startKubelet = async (options: KubeletOptions, signal: AbortSignal): Promise<Kubelet> => {
  setMaxListeners(0, signal);
  const { informers, log } = options;
  await mkdir(options.rootFolder, { recursive: true, mode: 0o700 });
  const pods = informers.informer(Pod, { fieldSelector: `spec.nodeName=${options.nodeName}` });
  const references = referencesOf(informers);
  const { clock } = options;
  const server = options.server && (await startKubeletServer({ ...options.server, clock, log }, signal));
  const machine = options.machine ?? reachableAt(thisMachine(options.rootFolder), options.server?.host);
  const view = options.view ?? new RuntimeView({ runtime: options.runtime, clock, log });
  // An engine that is still starting is waited for.
  await view.start(signal);
  const version = await options.runtime.version(signal);
  const node: NodeInput = {
    nodeName: options.nodeName,
    labels: options.labels ?? {},
    machine,
    runtime: { runtime: options.runtime.name, version: version.version },
    ...(options.maxPods === undefined ? {} : { maxPods: options.maxPods }),
    ...portOf(server?.port ?? options.serverPort),
  };
  const workers = new PodWorkers(signal);
  const context = contextOf({ ...options, view }, node, references.lookup, workers, signal);
  await informers.start(signal);
  await Promise.all([pods.synced, references.synced]);
  const agent = new NodeAgent({
    client: options.client,
    runtime: options.runtime,
    clock,
    log,
    node,
    runtimeHealthy: () => view.healthy,
  });
  await agent.register(signal);
  const unsubscribe = [
    view.onChange((podUid) => workers.poke(podUid)),
    references.onChange((namespace) => workers.retryConfig(namespace)),
    pods.onEvent((event) => workers.handle(context, event.type, event.object, event.previous)),
  ];
  const running = [agent.run(signal), removeOrphans(context, pods, workers, signal)];
  const stopped = untilAborted(signal).then(async () => {
    for (const end of unsubscribe) end();
    context.prober.stopAll();
    await Promise.allSettled([...running, workers.settled(), server?.stopped]);
  });
  const kubelet: Kubelet = {
    nodeName: options.nodeName,
    context,
    pods: () => pods.list(),
    stopped,
    ...portOf(server?.port ?? options.serverPort),
  };
  server?.serve([kubelet]);
  return kubelet;
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const portOf = (port: number | undefined): { readonly kubeletPort?: number } =>
  port === undefined ? {} : { kubeletPort: port };

/** A node whose server listens on one address is reached at that address. */
const reachableAt = (machine: Machine, host: string | undefined): Machine =>
  host === undefined || host === '0.0.0.0' || host === '::' ? machine : { ...machine, addresses: [host] };

const contextOf = (
  options: KubeletOptions & { readonly view: RuntimeView },
  node: NodeInput,
  references: PodReferences,
  workers: PodWorkers,
  signal: AbortSignal,
): KubeletContext => {
  const { client, clock, log, runtime, volumes, nodeName } = options;
  const events = createEventRecorder(client, { component: 'kubelet', host: nodeName, clock, log });
  const { machine } = node;
  const steady = options.steady ?? (clock === systemClock ? () => performance.now() : () => clock.now());
  return {
    client,
    runtime,
    volumes,
    clock,
    log,
    events,
    references,
    view: options.view,
    steady,
    images: new ImageManager(runtime, steady),
    statuses: new StatusWriter(client, clock, log, signal),
    prober: new Prober({
      runtime,
      clock,
      log,
      onChange: (podUid) => workers.poke(podUid),
      onUnhealthy: (pod, container, message) =>
        events.event(pod, 'Warning', 'Unhealthy', message, containerFieldPath(container)),
    }),
    owner: { nodeName },
    node: {
      hostname: machine.hostname,
      hostIps: machine.addresses,
      memoryBytes: machine.memoryBytes,
      allocatable: capacityOf(node, undefined),
    },
    dns: options.dns ?? { servers: [], domain: 'cluster.local', host: NO_DNS },
    apiServer: options.apiServer,
    rootFolder: options.rootFolder,
  };
};

interface References {
  readonly lookup: PodReferences;
  readonly synced: Promise<unknown>;
  /** Calls back with the namespace in which a ConfigMap, a Secret or a claim changed. */
  onChange(handler: (namespace: string) => void): () => void;
}

const referencesOf = (informers: InformerSet): References => {
  const configMaps = informers.informer(ConfigMap);
  const secrets = informers.informer(Secret);
  const services = informers.informer(Service);
  const claims = informers.informer(PersistentVolumeClaim);
  return {
    lookup: {
      configMap: (namespace, name) => configMaps.get({ namespace, name }),
      secret: (namespace, name) => secrets.get({ namespace, name }),
      services: (namespace) => services.list(namespace),
    },
    synced: Promise.all([configMaps.synced, secrets.synced, services.synced, claims.synced]),
    onChange: (handler) => {
      const notify = ({ object }: { object: ConfigMap | Secret | PersistentVolumeClaim }): void =>
        handler(object.metadata.namespace ?? '');
      const ends = [configMaps.onEvent(notify), secrets.onEvent(notify), claims.onEvent(notify)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
};

/** The workers of all pods of a node, by uid. */
class PodWorkers {
  readonly #workers = new Map<string, PodWorker>();

  constructor(private readonly signal: AbortSignal) {}

  has(podUid: string): boolean {
    return this.#workers.has(podUid);
  }

  poke(podUid: string): void {
    this.#workers.get(podUid)?.poke();
  }

  retryConfig(namespace: string): void {
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata.namespace === namespace) worker.retryConfig();
    }
  }

  handle(context: KubeletContext, type: 'added' | 'modified' | 'deleted', pod: Pod, previous: Pod | undefined): void {
    const uid = pod.metadata.uid ?? '';
    // Deleted and made anew under the same name between two looks of the informer.
    if (previous !== undefined && previous.metadata.uid !== uid) {
      this.#workers.get(previous.metadata.uid ?? '')?.remove(previous);
    }
    const worker = this.#workers.get(uid);
    if (type === 'deleted') worker?.remove(pod);
    else if (worker !== undefined) worker.update(pod);
    else this.#add(context, pod, uid);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.settled()));
  }

  #add(context: KubeletContext, pod: Pod, uid: string): void {
    const worker = new PodWorker(context, pod, this.signal, () => this.#workers.delete(uid));
    this.#workers.set(uid, worker);
    worker.poke();
  }
}

/** Looks now and every half minute for what deleted pods have left: containers of a former life, volumes. */
const removeOrphans = async (
  context: KubeletContext,
  pods: Informer<Pod>,
  workers: PodWorkers,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, log } = context;
  const failing = new Set<string>();
  const remove = async (podUid: string): Promise<void> => {
    try {
      await removeOrphan(context, podUid, signal);
      failing.delete(podUid);
    } catch (error) {
      if (!signal.aborted && !failing.has(podUid)) log.warn({ err: error, podUid }, 'remains of a pod not removed');
      failing.add(podUid);
    }
  };
  await Promise.all((await forgottenVolumes(context)).map(remove));
  while (!signal.aborted) {
    const known = new Set(pods.list().map(({ metadata }) => metadata.uid));
    const orphans = [...podsInRuntime(context)].filter((podUid) => !known.has(podUid) && !workers.has(podUid));
    await Promise.all(orphans.map(remove));
    await clock.sleep(ORPHANS_MS, signal).catch(() => undefined);
  }
};

/** Pods that have volumes on disk and are unknown to the API. Asked for all nodes: they may share the folder. */
const forgottenVolumes = async ({ client, log, volumes }: KubeletContext): Promise<readonly string[]> => {
  try {
    const mounted = await volumes.mountedPods();
    if (mounted.length === 0) return [];
    const { items } = await client.list(Pod);
    const known = new Set(items.map(({ metadata }) => metadata.uid));
    return mounted.filter((podUid) => !known.has(podUid));
  } catch (error) {
    log.warn({ err: error }, 'volumes of deleted pods not looked for');
    return [];
  }
};
