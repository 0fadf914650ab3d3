import { isApiError } from '../../../objects/api-error.js';
import { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import { Endpoints, Node, Pod, Service } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { legacyEndpoints } from './legacy-endpoints.js';
import { MANAGED_BY, MANAGER, planSlices, SERVICE_NAME } from './plan-slices.js';
import type { EndpointGroup } from './service-endpoints.js';
import { endpointGroups } from './service-endpoints.js';

/** Tells where the pods of a Service are: EndpointSlices, and Endpoints for older clients. */
export const createEndpointSliceController = (deps: ControllerDeps): Controller => new EndpointSliceController(deps);

const SERVICE_INDEX = 'service';

class EndpointSliceController implements Controller {
  readonly name = 'endpointslice';
  readonly concurrency = 5;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #barrier: WriteBarrier;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#services = deps.informers.informer(Service);
    this.#pods = deps.informers.informer(Pod);
    this.#nodes = deps.informers.informer(Node);
    this.#slices = deps.informers.informer(EndpointSlice);
    this.#endpoints = deps.informers.informer(Endpoints);
    this.#barrier = new WriteBarrier(this.#slices);
    this.#slices.addIndex(SERVICE_INDEX, (slice) => {
      const key = serviceKey(slice);
      return key === undefined ? [] : [`${key.namespace}/${key.name}`];
    });
    this.watches = [
      watchSelf(Service),
      { kind: Pod, keys: (pod, previous) => this.#selecting(pod, previous) },
      {
        kind: EndpointSlice,
        keys: (slice) => {
          const key = serviceKey(slice);
          return key === undefined ? [] : [key];
        },
      },
      watchSelf(Endpoints),
    ];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#barrier.forget(key);
      await this.#removeEndpoints(key);
      return DONE;
    }
    if (!this.#barrier.isCaughtUp(key)) return { requeueAfterMs: LAG_RECHECK_MS };
    if (service.metadata.deletionTimestamp !== undefined || !hasSelector(service)) return DONE;
    const groups = endpointGroups(service, this.#podsOf(service), (name) => this.#nodes.get({ name }));
    await this.#writeSlices(key, service, groups);
    await this.#writeEndpoints(service, groups);
    return DONE;
  }

  async #writeSlices(key: ObjectKey, service: Service, groups: readonly EndpointGroup[]): Promise<void> {
    const existing = this.#slices.byIndex(SERVICE_INDEX, `${key.namespace}/${key.name}`);
    const { create, update, remove } = planSlices(service, groups, existing);
    for (const slice of create) this.#barrier.wrote(key, await this.#client.create(slice));
    for (const slice of update) this.#barrier.wrote(key, await this.#client.update(slice));
    for (const slice of remove) {
      await this.#client.delete(EndpointSlice, keyOf(slice));
      this.#barrier.deleted(key, slice);
    }
  }

  async #writeEndpoints(service: Service, groups: readonly EndpointGroup[]): Promise<void> {
    const known = this.#endpoints.get(keyOf(service));
    const wanted = legacyEndpoints(service, groups, known);
    if (known !== undefined && isSemanticallyEqual(wanted, known)) return;
    try {
      if (known === undefined) await this.#client.create(wanted);
      else await this.#client.update(wanted);
    } catch (error) {
      // Made meanwhile: its event brings the key back.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }

  /** A Service takes its Endpoints along; they have no owner reference. Endpoints that a person made stay. */
  async #removeEndpoints(key: ObjectKey): Promise<void> {
    const known = this.#endpoints.get(key);
    if (known?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === undefined) return;
    await this.#client.delete(Endpoints, key);
  }

  #podsOf(service: Service): readonly Pod[] {
    return this.#pods.list(service.metadata.namespace).filter((pod) => selects(service, pod));
  }

  #selecting(pod: KubeObject, previous: KubeObject | undefined): readonly ObjectKey[] {
    return this.#services
      .list(pod.metadata.namespace)
      .filter((service) => selects(service, pod) || (previous !== undefined && selects(service, previous)))
      .map(keyOf);
  }
}

const hasSelector = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;

const selects = (service: Service, pod: KubeObject): boolean => {
  if (!hasSelector(service)) return false;
  const labels = labelsOf(pod);
  return Object.entries(service.spec?.selector ?? {}).every(([key, value]) => labels[key] === value);
};

/** The Service of a slice that this controller manages. */
const serviceKey = ({ metadata }: KubeObject): { readonly namespace: string; readonly name: string } | undefined => {
  const name = metadata.labels?.[SERVICE_NAME];
  if (name === undefined || metadata.labels?.[MANAGED_BY] !== MANAGER) return undefined;
  return { namespace: metadata.namespace ?? '', name };
};
