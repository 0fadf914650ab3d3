import { isApiError } from '../../../objects/api-error.js';
import type { KindOf } from '../../../objects/kind.js';
import { groupOf } from '../../../objects/kind.js';
import { Namespace, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { Clock } from '../../../objects/clock.js';
import type { ApiResource, Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { messageOf } from '../pods/pod-control.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import type { Remaining } from './namespace-status.js';
import { namespaceStatus } from './namespace-status.js';

/** Empties namespaces that are being deleted: pods first, then everything else, then the namespace itself. */
export const createNamespaceController = (deps: ControllerDeps): Controller => new NamespaceController(deps);

const FINALIZER = 'kubernetes';
/** How soon to look again at what takes its time to go; pods and their containers mostly. */
const RECHECK_MS = 500;
/** What is counted while a namespace is emptied. */
interface Tally {
  readonly counts: Map<string, number>;
  readonly finalizers: Map<string, number>;
  readonly contentErrors: string[];
}

class NamespaceController implements Controller {
  readonly name = 'namespace';
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #namespaces: Informer<Namespace>;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#namespaces = deps.informers.informer(Namespace);
    this.watches = [watchSelf(Namespace), { kind: Pod, keys: (pod) => this.#terminatingNamespace(pod) }];
  }

  async reconcile({ name }: ObjectKey): Promise<Outcome> {
    const namespace = this.#namespaces.get({ name });
    const isDeleted = namespace?.metadata.deletionTimestamp !== undefined;
    if (namespace === undefined || !isDeleted || namespace.spec.finalizers?.includes(FINALIZER) !== true) return DONE;
    const remaining = await this.#empty(name);
    const status = namespaceStatus(namespace.status, remaining, this.#clock.now());
    const current = isSemanticallyEqual(status, namespace.status)
      ? namespace
      : await this.#client.updateStatus({ ...namespace, status });
    const isEmpty =
      remaining.counts.size === 0 && remaining.contentErrors.length === 0 && remaining.discoveryError === undefined;
    if (!isEmpty) return { requeueAfterMs: RECHECK_MS };
    await this.#finalize(current);
    return DONE;
  }

  async #finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    try {
      await this.#client.update({ ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize' });
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  async #empty(namespace: string): Promise<Remaining> {
    const tally: Tally = { counts: new Map(), finalizers: new Map(), contentErrors: [] };
    let resources: readonly ApiResource[];
    try {
      resources = deletable(await this.#client.resources());
    } catch (error) {
      return { ...tally, discoveryError: messageOf(error) };
    }
    // Whatever guards pods (network policies, configuration, controllers) goes after them.
    const [pods, others] = [resources.filter(isPods), resources.filter((resource) => !isPods(resource))];
    for (const resource of pods) await this.#emptyResource(namespace, resource, tally);
    if (tally.counts.size > 0 || tally.contentErrors.length > 0) return tally;
    for (const resource of others) await this.#emptyResource(namespace, resource, tally);
    return tally;
  }

  async #emptyResource(namespace: string, resource: ApiResource, tally: Tally): Promise<void> {
    const kind: KindOf = { apiVersion: resource.apiVersion, kind: resource.kind };
    const group = groupOf(resource.apiVersion);
    try {
      const { items } = await this.#client.list(kind, { namespace });
      for (const object of items) {
        const left = await this.#deleteOne(kind, object);
        if (left === undefined) continue;
        count(tally.counts, `${resource.resource}.${group}`);
        for (const finalizer of left.metadata.finalizers ?? []) count(tally.finalizers, finalizer);
      }
    } catch (error) {
      // A kind that went away with its definition has no objects any more.
      if (!isApiError(error, 'NotFound')) tally.contentErrors.push(`${resource.resource}: ${messageOf(error)}`);
    }
  }

  /** What is left of the object; undefined when it is gone. */
  async #deleteOne(kind: KindOf, object: KubeObject): Promise<KubeObject | undefined> {
    if (object.metadata.deletionTimestamp !== undefined) return object;
    const left = await this.#client.delete(kind, keyOf(object), { propagationPolicy: 'Background' });
    if (left === undefined) return undefined;
    return left.metadata.deletionTimestamp === undefined ? undefined : left;
  }

  #terminatingNamespace({ metadata }: KubeObject): readonly ObjectKey[] {
    const name = metadata.namespace ?? '';
    return this.#namespaces.get({ name })?.metadata.deletionTimestamp === undefined ? [] : [{ name }];
  }
}

const isPods = ({ apiVersion, kind }: ApiResource): boolean => apiVersion === Pod.apiVersion && kind === Pod.kind;

/** Namespaced resources whose objects can be listed and deleted, each stored kind once. */
const deletable = (resources: readonly ApiResource[]): readonly ApiResource[] => {
  const seen = new Set<string>();
  return resources.filter((resource) => {
    const id = `${groupOf(resource.apiVersion)}/${resource.resource}`;
    if (!resource.namespaced || seen.has(id) || resource.resource.includes('/')) return false;
    if (!resource.verbs.includes('list') || !resource.verbs.includes('delete')) return false;
    seen.add(id);
    return true;
  });
};

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
