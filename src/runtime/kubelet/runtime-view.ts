import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import type { Container, ContainerRuntime, ContainerStatus, Sandbox } from '../containers/container-runtime.js';
import { POD_UID_LABEL } from '../containers/labels.js';
import type { ObservedPod } from './plan/observed-pod.js';
import { observedPod } from './plan/observed-pod.js';

const RELIST_MS = 10_000;

interface KnownContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  state: Container['state'];
  /** Kept once the container has ended: nothing changes any more. */
  final?: ContainerStatus;
}

export interface RuntimeViewOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What the runtime runs, by pod. Events keep it fresh; a listing every ten seconds finds what they missed. All
 * kubelets of a process share one.
 */
export class RuntimeView {
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, KnownContainer>();
  /** Ids of the sandboxes and containers of each pod, so that looking at one pod does not walk all. */
  readonly #byPod = new Map<string, Set<string>>();
  readonly #handlers = new Set<(podUid: string) => void>();
  /** Made since a listing began: that listing may not have seen them. */
  readonly #fresh = new Set<string>();
  #listing: Promise<void> | undefined;
  /** The listing after that, for all who asked meanwhile. */
  #next: Promise<void> | undefined;
  #healthy = false;
  #started: Promise<void> | undefined;

  constructor(private readonly options: RuntimeViewOptions) {}

  /** Whether the runtime answered the last time it was asked. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Lists for the first time, then follows until the signal fires. Resolves after the first listing that succeeded. */
  start(signal: AbortSignal): Promise<void> {
    this.#started ??= this.#start(signal);
    return this.#started;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    // Listen first: what happens during the first listing must not be lost.
    this.#follow(signal).catch((error: unknown) => log.error({ err: error }, 'container events stopped'));
    for (;;) {
      try {
        await this.relist(signal);
        break;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, 'container runtime does not answer');
        await clock.sleep(1000, signal).catch(() => undefined);
      }
    }
    this.#relistForever(signal).catch((error: unknown) => log.error({ err: error }, 'relisting stopped'));
  }

  onChange(handler: (podUid: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  sandboxes(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  /** The state of one pod now: what may have changed is read from the runtime. */
  async observe(podUid: string, signal: AbortSignal): Promise<ObservedPod> {
    await this.#listing?.catch(() => undefined);
    const ids = [...(this.#byPod.get(podUid) ?? [])];
    const sandboxes = ids.flatMap((id) => this.#sandboxes.get(id) ?? []);
    const containers = await Promise.all(ids.map((id) => this.#status(id, signal)));
    return observedPod(
      sandboxes,
      containers.filter((status) => status !== undefined),
    );
  }

  /** Containers of a pod without asking the runtime. */
  containerIds(podUid: string): readonly string[] {
    return [...(this.#byPod.get(podUid) ?? [])].filter((id) => this.#containers.has(id));
  }

  podOf(id: string): string | undefined {
    return this.#sandboxes.get(id)?.podUid ?? this.#containers.get(id)?.podUid;
  }

  addSandbox(sandbox: Sandbox): void {
    this.#fresh.add(sandbox.id);
    this.#sandboxes.set(sandbox.id, sandbox);
    this.#index(sandbox.podUid, sandbox.id);
  }

  addContainer(id: string, sandboxId: string, podUid: string): void {
    this.#fresh.add(id);
    this.#containers.set(id, { id, sandboxId, podUid, state: 'created' });
    this.#index(podUid, id);
  }

  /** The sandbox was stopped by us. */
  markStopped(sandboxId: string): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox !== undefined) this.#sandboxes.set(sandboxId, { ...sandbox, state: 'notReady' });
  }

  forget(id: string): void {
    const podUid = this.podOf(id);
    this.#sandboxes.delete(id);
    this.#containers.delete(id);
    const ids = podUid === undefined ? undefined : this.#byPod.get(podUid);
    ids?.delete(id);
    if (podUid !== undefined && ids?.size === 0) this.#byPod.delete(podUid);
  }

  /** Reads everything anew, beginning after the call: one that is under way may have missed what just happened. */
  relist(signal: AbortSignal): Promise<void> {
    if (this.#listing === undefined) return this.#list(signal);
    this.#next ??= this.#listing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#list(signal);
      });
    return this.#next;
  }

  #list(signal: AbortSignal): Promise<void> {
    const listing = this.#relist(signal).finally(() => {
      if (this.#listing === listing) this.#listing = undefined;
    });
    this.#listing = listing;
    return listing;
  }

  async #relist(signal: AbortSignal): Promise<void> {
    this.#fresh.clear();
    const { runtime } = this.options;
    let lists: readonly [readonly Sandbox[], readonly Container[]];
    try {
      lists = await Promise.all([runtime.listPodSandboxes(signal), runtime.listContainers(signal)]);
    } catch (error) {
      this.#healthy = false;
      throw error;
    }
    this.#healthy = true;
    const changed = new Set<string>();
    this.#replaceSandboxes(lists[0], changed);
    this.#replaceContainers(lists[1], changed);
    for (const podUid of changed) this.#tell(podUid);
  }

  #replaceSandboxes(listed: readonly Sandbox[], changed: Set<string>): void {
    const seen = new Set<string>();
    for (const sandbox of listed) {
      seen.add(sandbox.id);
      const known = this.#sandboxes.get(sandbox.id);
      if (known?.state !== sandbox.state || known.ip !== sandbox.ip) changed.add(sandbox.podUid);
      this.#sandboxes.set(sandbox.id, sandbox);
      this.#index(sandbox.podUid, sandbox.id);
    }
    this.#forgetUnseen(this.#sandboxes, seen, changed);
  }

  #replaceContainers(listed: readonly Container[], changed: Set<string>): void {
    const seen = new Set<string>();
    for (const container of listed) {
      const podUid = container.labels[POD_UID_LABEL] ?? this.#sandboxes.get(container.sandboxId)?.podUid;
      if (podUid === undefined) continue;
      seen.add(container.id);
      const known = this.#containers.get(container.id);
      if (known?.final !== undefined) continue;
      if (known?.state !== container.state) changed.add(podUid);
      if (known === undefined) {
        const { id, sandboxId, state } = container;
        this.#containers.set(id, { id, sandboxId, podUid, state });
        this.#index(podUid, id);
      } else {
        known.state = container.state;
      }
    }
    this.#forgetUnseen(this.#containers, seen, changed);
  }

  #forgetUnseen(known: ReadonlyMap<string, { podUid: string }>, seen: Set<string>, changed: Set<string>): void {
    for (const [id, { podUid }] of known) {
      if (seen.has(id) || this.#fresh.has(id)) continue;
      this.forget(id);
      changed.add(podUid);
    }
  }

  async #status(id: string, signal: AbortSignal): Promise<ContainerStatus | undefined> {
    const known = this.#containers.get(id);
    if (known === undefined) return undefined;
    if (known.final !== undefined) return known.final;
    const status = await this.options.runtime.containerStatus(id, signal);
    if (status === undefined) {
      this.forget(id);
      return undefined;
    }
    known.state = status.state;
    if (status.state === 'exited') known.final = status;
    return status;
  }

  #index(podUid: string, id: string): void {
    const ids = this.#byPod.get(podUid);
    if (ids === undefined) this.#byPod.set(podUid, new Set([id]));
    else ids.add(id);
  }

  #tell(podUid: string): void {
    for (const handler of this.#handlers) handler(podUid);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { runtime, log, clock } = this.options;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal)) {
          const podUid = this.podOf(event.sandboxId) ?? (event.containerId && this.podOf(event.containerId));
          if (event.type === 'sandboxExited' || event.type === 'sandboxRemoved') {
            // Our own stops and removals are known already.
            if (this.#sandboxes.get(event.sandboxId)?.state === 'ready') await this.relist(signal);
          } else if (podUid !== undefined && podUid !== '') {
            this.#tell(podUid);
          }
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'container events broke off');
      }
      // The stream ended: what happened meanwhile is found by the next listing.
      await clock.sleep(1000, signal).catch(() => undefined);
    }
  }

  async #relistForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.options.clock.sleep(RELIST_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.relist(signal);
      } catch (error) {
        if (!signal.aborted) this.options.log.warn({ err: error }, 'container runtime does not answer');
      }
    }
  }
}
