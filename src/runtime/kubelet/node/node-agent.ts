import type { Logger } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import { isApiError } from '../../../objects/api-error.js';
import type { Clock } from '../../../objects/clock.js';
import { microTimestamp, timestamp } from '../../../objects/conditions.js';
import { Lease } from '../../../objects/kinds/coordination-k8s-io-v1.js';
import type { NodeStatus, Taint } from '../../../objects/kinds/core-v1.js';
import { Node } from '../../../objects/kinds/core-v1.js';
import type { ContainerRuntime, Image } from '../../containers/container-runtime.js';
import { sameStatus } from '../status/status-writer.js';
import type { DiskUsage } from './machine.js';
import type { NodeInput } from './node-object.js';
import { isDiskFull, newNode, nodeLabels, nodeStatus } from './node-object.js';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
/** A status that did not change is written anyway after this long. */
const REPORT_MS = 300_000;
const DISK_PRESSURE_TAINT = 'node.kubernetes.io/disk-pressure';

export interface NodeAgentOptions {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: NodeInput;
  runtimeHealthy(): boolean;
}

/** Registers the node and keeps its status and its lease fresh. */
export class NodeAgent {
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: NodeAgentOptions) {}

  /** Resolves when the node is registered and its first status is written. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, log, node } = this.options;
    for (;;) {
      try {
        await this.#ensureNode();
        await this.reportStatus(signal);
        await this.renewLease();
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error, node: node.nodeName }, 'node not registered, trying again');
        await clock.sleep(1000, signal).catch(() => undefined);
      }
    }
  }

  /** Renews the lease and looks at the node every ten seconds, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, node } = this.options;
    while (!signal.aborted) {
      await clock.sleep(RENEW_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const step of [() => this.renewLease(), () => this.reportStatus(signal)]) {
        try {
          await step();
        } catch (error) {
          if (!signal.aborted) log.warn({ err: error, node: node.nodeName }, 'node status or lease not written');
        }
      }
    }
  }

  async #ensureNode(): Promise<Node> {
    const { client, node } = this.options;
    const known = await client.get(Node, { name: node.nodeName });
    if (known === undefined) {
      try {
        return await client.create(newNode(node));
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
      }
    }
    const found = known ?? (await client.get(Node, { name: node.nodeName }));
    if (found === undefined) throw new Error(`node ${node.nodeName} is deleted while it registers`);
    const labels = { ...found.metadata.labels, ...nodeLabels(node) };
    if (sameStatus(labels, found.metadata.labels)) return found;
    return client.patch(Node, { name: node.nodeName }, { type: 'merge', body: { metadata: { labels } } });
  }

  /** Writes the status if it changed, or was not written for five minutes. */
  async reportStatus(signal: AbortSignal): Promise<void> {
    const { client, clock, node, runtime } = this.options;
    const found = (await client.get(Node, { name: node.nodeName })) ?? (await this.#ensureNode());
    const now = clock.now();
    const disk = await this.#disk();
    const state = {
      disk,
      images: await this.#images(runtime, signal),
      runtimeHealthy: this.options.runtimeHealthy(),
      now,
    };
    const status = nodeStatus(node, state, found.status);
    const due = now - this.#reportedAt >= REPORT_MS || now < this.#reportedAt;
    if (due || !sameStatus(withoutHeartbeats(status), withoutHeartbeats(found.status))) {
      // A patch, as the kubelet's: it stands beside what the controllers write to the node meanwhile.
      const key = { name: node.nodeName };
      await client.patch(Node, key, { type: 'merge', body: { status } }, { subresource: 'status' });
      this.#reportedAt = now;
    }
    await this.#taintDisk(isDiskFull(disk));
  }

  async #disk(): Promise<DiskUsage | undefined> {
    try {
      return await this.options.node.machine.disk();
    } catch (error) {
      this.options.log.warn({ err: error }, 'disk usage not known');
      return undefined;
    }
  }

  async #images(runtime: ContainerRuntime, signal: AbortSignal): Promise<readonly Image[]> {
    try {
      return await runtime.listImages(signal);
    } catch {
      // The runtime is down: the condition Ready says so.
      return [];
    }
  }

  async #taintDisk(full: boolean): Promise<void> {
    const { client, clock, node } = this.options;
    const found = await client.get(Node, { name: node.nodeName });
    if (found === undefined) return;
    const taints = found.spec.taints ?? [];
    if (taints.some(({ key }) => key === DISK_PRESSURE_TAINT) === full) return;
    const others = taints.filter(({ key }) => key !== DISK_PRESSURE_TAINT);
    const taint: Taint = { key: DISK_PRESSURE_TAINT, effect: 'NoSchedule', timeAdded: timestamp(clock.now()) };
    await client.update({ ...found, spec: { ...found.spec, taints: full ? [...others, taint] : others } });
  }

  async renewLease(): Promise<void> {
    const { client, clock, node } = this.options;
    const key = { namespace: LEASE_NAMESPACE, name: node.nodeName };
    const renewTime = microTimestamp(clock.now());
    const found = await client.get(Lease, key);
    const spec = { holderIdentity: node.nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    if (found !== undefined) {
      await client.update({ ...found, spec: { ...found.spec, ...spec } });
      return;
    }
    const owner = await client.get(Node, { name: node.nodeName });
    const uid = owner?.metadata.uid;
    const ownerReferences =
      uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.nodeName, uid }] };
    await client.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...key, ...ownerReferences },
      spec,
    });
  }
}

const withoutHeartbeats = (status: NodeStatus | undefined): unknown => ({
  ...status,
  conditions: (status?.conditions ?? []).map((condition) => ({ ...condition, lastHeartbeatTime: undefined })),
});
