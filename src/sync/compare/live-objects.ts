import type { Logger } from 'pino';
import type { ApiResource, Client } from '../../cluster/client/client.js';
import type { Informer, InformerEvent, InformerSet } from '../../cluster/client/informer.js';
import { groupOf } from '../../objects/kind.js';
import { CustomResourceDefinition } from '../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { isHook } from '../execute/annotations.js';
import type { ResourceId } from './resource-id.js';
import { idText, objectKeyOf, resourceIdOf, resourceIdText } from './resource-id.js';
import type { ScopeOf } from './served-kinds.js';
import { servedScopes } from './served-kinds.js';
import { trackedBy } from './tracking.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

/** A change of an object that an application has deployed. */
export interface ManagedChange {
  readonly instance: string;
  readonly object: KubeObject;
  readonly type: 'added' | 'modified' | 'deleted';
  /** Something besides the status may have changed. */
  readonly isDrift: boolean;
}

export interface LiveObjectsDeps {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly log: Logger;
}

/** Kinds that change all the time and are never deployed from a repository (Argo CD leaves them out too). */
const LEFT_OUT = new Set([
  '/Event',
  'events.k8s.io/Event',
  '/Endpoints',
  'discovery.k8s.io/EndpointSlice',
  'coordination.k8s.io/Lease',
  'certificates.k8s.io/CertificateSigningRequest',
  '/ComponentStatus',
]);
/** Objects known to be gone, so that a late answer about one does not bring it back. */
const REMEMBERED_DELETIONS = 10_000;
const REMEMBERED_HOOKS = 200;
const NOTHING: ReadonlyMap<string, KubeObject> = new Map();

/**
 * Every object of the cluster that may belong to an application, kept by informers, and which application has deployed
 * it. Reads are synchronous and see the operator's own writes at once.
 */
export class LiveObjects {
  readonly #deps: LiveObjectsDeps;
  readonly #informers = new Map<string, Informer>();
  readonly #managed = new Map<string, Map<string, KubeObject>>();
  /** The operator's own newest writes, until the informers have caught up. */
  readonly #written = new Map<string, KubeObject>();
  readonly #gone = new Set<string>();
  /** The last states of hooks that were removed. */
  readonly #lastHooks = new Map<string, KubeObject>();
  readonly #changeHandlers = new Set<(change: ManagedChange) => void>();
  readonly #objectHandlers = new Set<(object: KubeObject) => void>();
  readonly #kindHandlers = new Set<() => void>();
  readonly #waiters = new Set<() => void>();
  #scopeOf: ScopeOf = () => undefined;
  #apiVersions: readonly string[] = [];

  constructor(deps: LiveObjectsDeps) {
    this.#deps = deps;
  }

  /** Follows every kind that the cluster serves, also those that are defined later. Resolves when all are read. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#discover();
    const definitions = this.#deps.informers.informer(CustomResourceDefinition);
    await this.#deps.informers.start(signal);
    definitions.onEvent(({ type }) => {
      if (type === 'deleted' || signal.aborted) return;
      this.#discover().catch((error: unknown) => this.#deps.log.warn({ err: error }, 'discovery failed'));
    });
  }

  get scopeOf(): ScopeOf {
    return this.#scopeOf;
  }

  /** `apps/v1` and `apps/v1/Deployment` for everything served: what charts ask for. */
  get apiVersions(): readonly string[] {
    return this.#apiVersions;
  }

  /** Looks again at what is served, now. */
  async refreshKinds(): Promise<void> {
    await this.#discover();
  }

  get(id: ResourceId): KubeObject | undefined {
    const known = this.#informers.get(`${id.group}/${id.kind}`)?.get(objectKeyOf(id));
    if (this.#written.size === 0) return known;
    return newer(known, this.#written.get(resourceIdText(id)));
  }

  /** What a hook that is gone was last, where that is remembered. */
  lastSeen(id: ResourceId): KubeObject | undefined {
    return this.#lastHooks.get(resourceIdText(id));
  }

  /** Everything that an application has deployed and that is there. */
  managed(instance: string): ReadonlyMap<string, KubeObject> {
    return this.#managed.get(instance) ?? NOTHING;
  }

  onChange(handler: (change: ManagedChange) => void): () => void {
    this.#changeHandlers.add(handler);
    return () => this.#changeHandlers.delete(handler);
  }

  /** Called with every object that is made, changed or deleted, whoever it belongs to. */
  onObject(handler: (object: KubeObject) => void): () => void {
    this.#objectHandlers.add(handler);
    return () => this.#objectHandlers.delete(handler);
  }

  /** Called when the cluster serves a new kind. */
  onNewKind(handler: () => void): () => void {
    this.#kindHandlers.add(handler);
    return () => this.#kindHandlers.delete(handler);
  }

  /** Takes in the answer to the operator's own write. */
  observe(object: KubeObject): void {
    if (this.#gone.has(object.metadata.uid ?? '')) return;
    const id = resourceIdOf(object);
    if (newer(this.get(id), object) !== object) return;
    const key = idText(object);
    this.#written.set(key, object);
    const instance = trackedBy(object);
    if (instance !== undefined) this.#put(instance, key, object);
  }

  /** Resolves when the condition holds, or after `ms`; looks at every change. */
  async until(condition: () => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
    if (condition()) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (): void => {
        const holds = condition();
        if (!holds && !timeout.aborted && !signal.aborted) return;
        this.#waiters.delete(settle);
        timeout.removeEventListener('abort', settle);
        signal.removeEventListener('abort', settle);
        resolve(holds);
      };
      const timeout = timeoutSignal(ms);
      timeout.addEventListener('abort', settle);
      signal.addEventListener('abort', settle);
      this.#waiters.add(settle);
    });
  }

  async #discover(): Promise<void> {
    const resources = await this.#deps.client.resources();
    this.#scopeOf = servedScopes(resources);
    const kinds = resources.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`);
    const apiVersions = [...new Set([...resources.map(({ apiVersion }) => apiVersion), ...kinds])].sort();
    if (apiVersions.join() !== this.#apiVersions.join()) this.#apiVersions = apiVersions;
    const added: Informer[] = [];
    for (const resource of resources) if (this.#isFollowed(resource)) added.push(this.#follow(resource));
    if (added.length === 0) return;
    for (const handler of this.#kindHandlers) handler();
  }

  #isFollowed({ apiVersion, kind, resource, verbs }: ApiResource): boolean {
    const id = `${groupOf(apiVersion)}/${kind}`;
    if (this.#informers.has(id) || LEFT_OUT.has(id) || resource.includes('/')) return false;
    return ['get', 'list', 'watch'].every((verb) => verbs.includes(verb));
  }

  /** One version of each kind is enough: the first that discovery names. */
  #follow({ apiVersion, kind }: ApiResource): Informer {
    const informer = this.#deps.informers.informer({ apiVersion, kind });
    this.#informers.set(`${groupOf(apiVersion)}/${kind}`, informer);
    informer.onEvent((event) => this.#take(event));
    return informer;
  }

  #take({ type, object, previous }: InformerEvent<KubeObject>): void {
    const instance = trackedBy(object);
    const before = previous === undefined ? undefined : trackedBy(previous);
    if (this.#written.size > 0 || this.#waiters.size > 0) this.#settle(type, object);
    if (type === 'deleted') this.#remember(object);
    for (const handler of this.#objectHandlers) handler(object);
    if (instance === undefined && before === undefined) return;
    const key = idText(object);
    if (before !== undefined && before !== instance) {
      this.#managed.get(before)?.delete(key);
      this.#tell({ instance: before, object, type: 'deleted', isDrift: true });
    }
    if (instance === undefined) return;
    if (type === 'deleted') this.#drop(instance, key);
    else this.#put(instance, key, object);
    this.#tell({ instance, object, type, isDrift: type !== 'modified' || isDrift(object, previous) });
  }

  /** What was written is now known from the watch, or gone. */
  #settle(type: InformerEvent<KubeObject>['type'], object: KubeObject): void {
    const key = idText(object);
    const written = this.#written.get(key);
    if (written !== undefined && (type === 'deleted' || newer(written, object) === object)) this.#written.delete(key);
    for (const waiter of this.#waiters) waiter();
  }

  #remember(object: KubeObject): void {
    this.#gone.add(object.metadata.uid ?? '');
    const [oldest] = this.#gone;
    if (this.#gone.size > REMEMBERED_DELETIONS && oldest !== undefined) this.#gone.delete(oldest);
    if (!isHook(object)) return;
    this.#lastHooks.set(idText(object), object);
    const [oldestHook] = this.#lastHooks.keys();
    if (this.#lastHooks.size > REMEMBERED_HOOKS && oldestHook !== undefined) this.#lastHooks.delete(oldestHook);
  }

  #put(instance: string, key: string, object: KubeObject): void {
    const objects = this.#managed.get(instance);
    if (objects === undefined) this.#managed.set(instance, new Map([[key, object]]));
    else if (newer(objects.get(key), object) === object) objects.set(key, object);
  }

  #drop(instance: string, key: string): void {
    const objects = this.#managed.get(instance);
    objects?.delete(key);
    if (objects?.size === 0) this.#managed.delete(instance);
  }

  #tell(change: ManagedChange): void {
    for (const handler of this.#changeHandlers) handler(change);
  }
}

/** The state with the higher resourceVersion; an object that was made anew counts as newer. */
const newer = (left: KubeObject | undefined, right: KubeObject | undefined): KubeObject | undefined => {
  if (left === undefined || right === undefined) return left ?? right;
  return Number(right.metadata.resourceVersion) >= Number(left.metadata.resourceVersion) ? right : left;
};

/** Kinds with a generation raise it with their spec; others may have changed in any way. */
const isDrift = (object: KubeObject, previous: KubeObject | undefined): boolean => {
  if (previous === undefined) return true;
  const { generation, labels, annotations, deletionTimestamp } = object.metadata;
  const before = previous.metadata;
  if (generation === undefined || generation !== before.generation) return true;
  if (deletionTimestamp !== before.deletionTimestamp) return true;
  return JSON.stringify([labels, annotations]) !== JSON.stringify([before.labels, before.annotations]);
};
