import type { Logger } from 'pino';
import { isApiError } from '../../../objects/api-error.js';
import type { Clock } from '../../../objects/clock.js';
import type { KindOf } from '../../../objects/kind.js';
import { groupOf } from '../../../objects/kind.js';
import { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject, ObjectKey, OwnerReference } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { ApiResource, Client } from '../../client/client.js';
import type { Controller, Outcome } from '../../client/controller.js';
import { DONE } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer, InformerEvent } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import type { OwnedBy, OwnerState } from './collectible.js';
import {
  blockingDependents,
  decideCollection,
  FOREGROUND,
  isDeleted,
  isDeletingDependents,
  isOrphaning,
  ORPHAN,
  withoutBlocking,
  withoutFinalizer,
  withoutOwners,
} from './collectible.js';
import { OwnerGraph } from './owner-graph.js';

/** Deletes what has lost its owners, and carries out foreground and orphan deletion. */
export const createGarbageCollector = (deps: ControllerDeps): Controller => new GarbageCollector(deps);

/** The served kinds are looked up again this often, besides whenever a definition changes. */
const DISCOVER_MS = 30_000;
const SOON_MS = 200;
const UNSEEN_RECHECK_MS = 5000;

/** Keys are uids: an object is the same one only as long as its uid is. */
class GarbageCollector implements Controller {
  readonly name = 'garbagecollector';
  readonly concurrency = 10;
  readonly watches = [];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #recorder: EventRecorder;
  readonly #graph: OwnerGraph;
  readonly #definitions: Informer<CustomResourceDefinition>;
  #enqueueKey: (key: ObjectKey) => void = () => undefined;
  #resources: readonly ApiResource[] = [];

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#recorder = deps.recorder('garbage-collector-controller');
    this.#graph = new OwnerGraph(deps.informers, (event) => this.#look(event));
    this.#definitions = deps.informers.informer(CustomResourceDefinition);
  }

  async source(enqueue: (key: ObjectKey) => void, signal: AbortSignal): Promise<void> {
    this.#enqueueKey = enqueue;
    let wake = new AbortController();
    const unsubscribe = this.#definitions.onEvent(() => wake.abort());
    while (!signal.aborted) {
      await this.#discover();
      try {
        await this.#clock.sleep(DISCOVER_MS, AbortSignal.any([signal, wake.signal]));
      } catch {
        if (signal.aborted) break;
        // A definition takes a moment to be served after it was written.
        wake = new AbortController();
        await this.#clock.sleep(SOON_MS, signal).catch(() => undefined);
      }
    }
    unsubscribe();
  }

  async reconcile({ name: uid }: ObjectKey): Promise<Outcome> {
    const object = this.#graph.get(uid);
    if (object === undefined) return DONE;
    if (isOrphaning(object)) return this.#orphanDependents(object);
    if (isDeletingDependents(object)) await this.#deleteDependents(object);
    const owners = await Promise.all(
      (object.metadata.ownerReferences ?? []).map(async (reference) => ({
        reference,
        state: await this.#stateOf(object, reference),
      })),
    );
    this.#tellInvalid(object, owners);
    const decision = decideCollection(object, owners, this.#graph.dependentsOf(uid));
    if (decision.type === 'drop-references') await this.#write(withoutOwners(object, decision.uids));
    if (decision.type === 'keep') return this.#again(owners);
    if (decision.type !== 'delete') return DONE;
    const current = decision.unblock ? await this.#write(withoutBlocking(object)) : object;
    if (current !== undefined) await this.#delete(current, decision.policy);
    return DONE;
  }

  /** An owner that no informer shows yet could go unseen: it is asked for again. */
  #again(owners: readonly OwnedBy[]): Outcome {
    const isUnseen = owners.some(
      ({ reference, state }) => state === 'present' && this.#graph.get(reference.uid) === undefined,
    );
    return isUnseen ? { requeueAfterMs: UNSEEN_RECHECK_MS } : DONE;
  }

  async #discover(): Promise<void> {
    try {
      this.#resources = await this.#client.resources();
      this.#graph.follow(this.#resources);
    } catch (error) {
      this.#log.warn({ err: error }, 'cannot find out which kinds are served');
    }
  }

  /** Enqueues whatever an event may have made collectible. Runs for every event of the cluster: must be quick. */
  #look({ type, object }: InformerEvent<KubeObject>): void {
    const { uid = '', ownerReferences = [] } = object.metadata;
    if (type === 'deleted') {
      for (const dependent of this.#graph.dependentsOf(uid)) this.#enqueue(dependent.metadata.uid);
      // An owner may have waited for this one.
      for (const reference of ownerReferences) this.#enqueueWaiting(reference.uid);
      return;
    }
    if (isDeleted(object)) {
      if (isDeletingDependents(object) || isOrphaning(object)) this.#enqueue(uid);
      return;
    }
    const isSafe = (reference: OwnerReference): boolean => {
      const owner = this.#graph.get(reference.uid);
      return owner !== undefined && !isDeletingDependents(owner) && isInReach(object, owner);
    };
    if (!ownerReferences.every(isSafe)) this.#enqueue(uid);
    for (const reference of ownerReferences) this.#enqueueWaiting(reference.uid);
  }

  #enqueueWaiting(uid: string): void {
    const owner = this.#graph.get(uid);
    if (owner !== undefined && isDeletingDependents(owner)) this.#enqueue(uid);
  }

  #enqueue(uid: string | undefined): void {
    if (uid !== undefined && uid !== '') this.#enqueueKey({ name: uid });
  }

  /** Foreground: the owner goes when nothing that blocks it is left. */
  async #deleteDependents(owner: KubeObject): Promise<void> {
    const blocking = blockingDependents(owner, this.#graph.dependentsOf(owner.metadata.uid ?? ''));
    if (blocking.length === 0) {
      await this.#write(withoutFinalizer(owner, FOREGROUND));
      return;
    }
    for (const dependent of blocking) if (!isDeleted(dependent)) this.#enqueue(dependent.metadata.uid);
  }

  async #orphanDependents(owner: KubeObject): Promise<Outcome> {
    const { uid = '' } = owner.metadata;
    for (const dependent of this.#graph.dependentsOf(uid)) await this.#write(withoutOwners(dependent, [uid]));
    await this.#write(withoutFinalizer(owner, ORPHAN));
    return DONE;
  }

  async #stateOf(object: KubeObject, reference: OwnerReference): Promise<OwnerState> {
    const known = this.#graph.get(reference.uid);
    if (known !== undefined && isInReach(object, known)) return isDeletingDependents(known) ? 'waiting' : 'present';
    const resource = await this.#resourceOf(reference);
    if (resource.namespaced && object.metadata.namespace === undefined) return 'invalid';
    // The informer may lag behind; only the server's own answer makes an owner absent.
    const owner = await this.#client.get(kindOf(reference), ownerKey(object, reference, resource));
    if (owner === undefined || owner.metadata.uid !== reference.uid) return 'absent';
    return isDeletingDependents(owner) ? 'waiting' : 'present';
  }

  /** Throws while the kind is not served: what is unknown is never taken for absent. */
  async #resourceOf(reference: OwnerReference): Promise<ApiResource> {
    const find = (): ApiResource | undefined =>
      this.#resources.find(
        ({ kind, apiVersion }) => kind === reference.kind && groupOf(apiVersion) === groupOf(reference.apiVersion),
      );
    if (find() === undefined) this.#resources = await this.#client.resources();
    const resource = find();
    if (resource !== undefined) return resource;
    throw new Error(`the owner's kind ${reference.kind} in ${reference.apiVersion} is not served`);
  }

  #tellInvalid(object: KubeObject, owners: readonly OwnedBy[]): void {
    for (const { reference, state } of owners) {
      const isElsewhere = state === 'absent' && this.#graph.get(reference.uid) !== undefined;
      if (state !== 'invalid' && !isElsewhere) continue;
      const { apiVersion, kind, name, uid } = reference;
      const owner = `[${apiVersion}/${kind}, namespace: ${object.metadata.namespace ?? ''}, name: ${name}, uid: ${uid}]`;
      const message = `ownerRef ${owner} does not exist in namespace "${object.metadata.namespace ?? ''}"`;
      this.#recorder.event(object, 'Warning', 'OwnerRefInvalidNamespace', message);
    }
  }

  async #write(object: KubeObject): Promise<KubeObject | undefined> {
    try {
      return await this.#client.update(object);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #delete(object: KubeObject, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    // Whoever changed the object since may have given it a new owner.
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.#client.delete(kindOf(object), keyOf(object), { propagationPolicy, preconditions });
  }
}

const kindOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): KindOf => ({
  apiVersion,
  kind,
});

const ownerKey = (object: KubeObject, reference: OwnerReference, resource: ApiResource): ObjectKey =>
  resource.namespaced && object.metadata.namespace !== undefined
    ? { namespace: object.metadata.namespace, name: reference.name }
    : { name: reference.name };

/** An owner is in the same namespace, or in none. */
const isInReach = (object: KubeObject, owner: KubeObject): boolean =>
  owner.metadata.namespace === undefined || owner.metadata.namespace === object.metadata.namespace;
