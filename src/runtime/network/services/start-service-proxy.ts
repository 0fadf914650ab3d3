import { getuid, platform } from 'node:process';
import type { Logger } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import type { Informer, InformerSet } from '../../../cluster/client/informer.js';
import type { Clock } from '../../../objects/clock.js';
import { Service } from '../../../objects/kinds/core-v1.js';
import { keyOf } from '../../../objects/object.js';
import { hasLoopbackRange } from '../../containers/process/pod-addresses.js';
import type { ServiceEndpoints } from '../service-endpoints.js';
import { IptablesProxy, iptablesWorks, removeServiceRules } from './iptables-proxy.js';
import { chainNames } from './iptables-rules.js';
import { servicePortRules } from './service-ports.js';
import { UserspaceProxy } from './userspace-proxy.js';

/** Ranges for cluster addresses: for processes one that this machine can listen on. */
export const SERVICE_CIDRS = {
  docker: '10.96.0.0/16',
  process: '127.96.0.0/16',
  simulated: '10.96.0.0/16',
} as const;

/** When the packet filter could not be changed: another program may have held it. */
const RETRY_MS = 1000;

export interface ServiceProxyOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly endpoints: ServiceEndpoints;
  readonly runtime: keyof typeof SERVICE_CIDRS;
  /** The machine's address on the pods' bridge, when it has one (`findPodGateway`). */
  readonly gateway?: string;
  /** Tells this Fairlead from others on the machine: its data folder. */
  readonly instance: string;
  /** Where node ports are served: 127.0.0.1 unless the user says so. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The running proxy. */
export interface ServiceProxy {
  /** Whether cluster addresses can be reached, by whom and by which way, in words for the user. */
  readonly clusterAddresses: { readonly reachable: boolean; readonly reason: string };
  /** Resolves when what has changed so far is in effect. */
  settled(): Promise<void>;
  /** With `removeRules`, pods that run on can no longer reach Services. */
  close(options?: { readonly removeRules?: boolean }): Promise<void>;
}

interface ClusterProxy {
  readonly kind: 'kernel' | 'userspace' | 'none';
  readonly reason: string;
  update(rules: ReturnType<typeof servicePortRules>): Promise<void>;
  close(removeRules: boolean): Promise<void>;
}

const none = (reason: string): ClusterProxy => ({
  kind: 'none',
  reason,
  update: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

const chooseProxy = async (options: ServiceProxyOptions): Promise<ClusterProxy> => {
  const { endpoints, clock, log, runtime, gateway, instance } = options;
  if (runtime === 'simulated') return none('nothing listens in simulated pods');
  if (runtime === 'process') {
    if (!(await hasLoopbackRange())) return none('this system listens on no loopback address but 127.0.0.1');
    const proxy = new UserspaceProxy(endpoints, clock, log, ({ clusterIp, port }) =>
      clusterIp.startsWith('127.') ? { host: clusterIp, port } : undefined,
    );
    const ports = getuid?.() === 0 ? '' : '; ports below 1024 need root, unless the system is set up otherwise';
    return {
      kind: 'userspace',
      reason: `by a proxy on loopback addresses (TCP${ports})`,
      update: (rules) => proxy.update(rules),
      close: () => proxy.close(),
    };
  }
  if (platform !== 'linux') return none('pods run in a virtual machine, whose packet filter is out of reach');
  if (gateway === undefined) return none('the pods are not on a bridge of this machine');
  const broken = await iptablesWorks();
  if (broken !== undefined) return none(`the packet filter cannot be changed (needs root and iptables): ${broken}`);
  const proxy = new IptablesProxy(endpoints, instance, gateway, log);
  return {
    kind: 'kernel',
    reason: 'by the packet filter (iptables), from pods and from this machine',
    update: (rules) => proxy.update(rules),
    close: (removeRules) => proxy.close(removeRules),
  };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

class RunningProxy implements ServiceProxy {
  readonly clusterAddresses: ServiceProxy['clusterAddresses'];
  readonly #options: ServiceProxyOptions;
  readonly #cluster: ClusterProxy;
  readonly #nodePorts: UserspaceProxy;
  readonly #services: Informer<Service>;
  readonly #stop: readonly (() => void)[];
  #working: Promise<void> = Promise.resolve();
  #pending = false;
  readonly #closed = new AbortController();
  /** Resolves when everything is known that was there before, or nothing more will be done. */
  readonly #known: Promise<unknown>;

  constructor(options: ServiceProxyOptions, cluster: ClusterProxy) {
    this.#options = options;
    this.#cluster = cluster;
    this.clusterAddresses = { reachable: cluster.kind !== 'none', reason: cluster.reason };
    this.#nodePorts = new UserspaceProxy(options.endpoints, options.clock, options.log, ({ nodePort }) =>
      nodePort === undefined ? undefined : { host: options.host, port: nodePort },
    );
    this.#services = options.informers.informer(Service);
    const synced = Promise.all([this.#services.synced, options.endpoints.synced]);
    this.#known = Promise.race([synced, aborted(this.#closed.signal)]);
    this.#stop = [
      this.#services.onEvent(() => this.#changed()),
      options.endpoints.onChange(() => {
        // Listeners ask for endpoints at each connection; the kernel must be told.
        if (cluster.kind === 'kernel') this.#changed();
      }),
    ];
  }

  async settled(): Promise<void> {
    let working: Promise<void> | undefined;
    while (working !== this.#working) {
      working = this.#working;
      await working;
    }
  }

  async close({ removeRules = false }: { readonly removeRules?: boolean } = {}): Promise<void> {
    this.#closed.abort();
    for (const stop of this.#stop) stop();
    await this.settled();
    await this.#nodePorts.close();
    await this.#cluster.close(removeRules);
  }

  /** Many changes at once become one update, after the one that is under way. */
  #changed(): void {
    if (this.#pending || this.#closed.signal.aborted) return;
    this.#pending = true;
    this.#working = this.#working.then(async () => {
      // Before everything is known, what pods that ran on still use would be taken away.
      await this.#known;
      await new Promise((resolve) => setImmediate(resolve));
      this.#pending = false;
      if (this.#closed.signal.aborted) return;
      try {
        await this.#update();
      } catch (error) {
        this.#options.log.error({ error }, 'cannot update the addresses of Services; trying again');
        const { clock } = this.#options;
        void clock.sleep(RETRY_MS, this.#closed.signal).then(
          () => this.#changed(),
          () => undefined,
        );
      }
    });
  }

  async #update(): Promise<void> {
    const services = this.#services.list();
    const rules = services.flatMap(servicePortRules);
    await Promise.all([this.#cluster.update(rules), this.#nodePorts.update(rules)]);
    for (const service of services) {
      if (service.spec.type === 'LoadBalancer' && service.spec.loadBalancerClass === undefined) {
        await this.#publish(service);
      }
    }
  }

  /**
   * A LoadBalancer's address is its cluster address where this machine reaches that; else the one where its node ports
   * are served.
   */
  async #publish(service: Service): Promise<void> {
    const { clusterIP } = service.spec;
    const ip = this.clusterAddresses.reachable && clusterIP !== undefined ? clusterIP : this.#options.host;
    const status = { ...service.status, loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } };
    if (JSON.stringify(service.status?.loadBalancer) === JSON.stringify(status.loadBalancer)) return;
    try {
      const current = await this.#options.client.get(Service, keyOf(service));
      if (current !== undefined) {
        await this.#options.client.updateStatus({ ...current, status: { ...current.status, ...status } });
      }
    } catch (error) {
      this.#options.log.debug({ error, service: service.metadata.name }, 'cannot write the status of a Service');
    }
  }
}

/** Makes Services reachable: at their cluster addresses where the runtime can, at their node ports on this machine. */
export const startServiceProxy = async (options: ServiceProxyOptions): Promise<ServiceProxy> => {
  const cluster = await chooseProxy(options);
  if (cluster.kind === 'none') options.log.warn(`cluster addresses of Services are not reachable: ${cluster.reason}`);
  return new RunningProxy(options, cluster);
};

/**
 * Removes from the packet filter what a Fairlead on the data folder `instance` left there for its pods, when these are
 * cleared away. Does nothing where it has no right to, because then there is nothing.
 */
export const clearServiceRules = async (instance: string): Promise<void> => {
  if (platform !== 'linux' || (await iptablesWorks()) !== undefined) return;
  await removeServiceRules(chainNames(instance));
};
