import type { KindOf } from '../../../objects/kind.js';
import { groupOf } from '../../../objects/kind.js';
import type { KubeObject } from '../../../objects/object.js';
import type { ApiResource } from '../../client/client.js';
import type { Informer, InformerEvent, InformerSet } from '../../client/informer.js';

const OWNER_INDEX = 'owner-uid';

/** Resources that are never collected: too many, and nobody owns or is owned by them. */
const IGNORED: ReadonlySet<string> = new Set(['events', 'events.events.k8s.io']);

/** Every object of the cluster by uid and by the uids of its owners, over one informer a kind. */
export class OwnerGraph {
  readonly #informers = new Map<string, Informer>();
  readonly #byUid = new Map<string, { readonly informer: Informer; readonly object: KubeObject }>();

  constructor(
    private readonly set: InformerSet,
    private readonly onEvent: (event: InformerEvent<KubeObject>) => void,
  ) {}

  /** Follows every kind that can be listed, watched and deleted. Returns the informers that are new. */
  follow(resources: readonly ApiResource[]): readonly Informer[] {
    const added: Informer[] = [];
    for (const resource of resources) {
      const id = `${resource.resource}.${groupOf(resource.apiVersion)}`.replace(/\.$/, '');
      if (this.#informers.has(id) || IGNORED.has(id) || !isCollectible(resource)) continue;
      const kind: KindOf = { apiVersion: resource.apiVersion, kind: resource.kind };
      const informer = this.set.informer(kind);
      this.#informers.set(id, informer);
      informer.addIndex(OWNER_INDEX, (object) => (object.metadata.ownerReferences ?? []).map(({ uid }) => uid));
      informer.onEvent((event) => this.#record(informer, event));
      added.push(informer);
    }
    return added;
  }

  get(uid: string): KubeObject | undefined {
    return this.#byUid.get(uid)?.object;
  }

  dependentsOf(uid: string): readonly KubeObject[] {
    const dependents: KubeObject[] = [];
    for (const informer of this.#informers.values()) dependents.push(...informer.byIndex(OWNER_INDEX, uid));
    return dependents;
  }

  #record(informer: Informer, event: InformerEvent<KubeObject>): void {
    const { uid } = event.object.metadata;
    if (uid === undefined) return;
    if (event.type === 'deleted') this.#byUid.delete(uid);
    else this.#byUid.set(uid, { informer, object: event.object });
    this.onEvent(event);
  }
}

const isCollectible = ({ resource, verbs }: ApiResource): boolean =>
  !resource.includes('/') && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb));
