import type { Informer, InformerSet } from '../../cluster/client/informer.js';
import { Pod } from '../../objects/kinds/core-v1.js';
import type { Endpoint } from '../../objects/kinds/discovery-k8s-io-v1.js';
import { EndpointSlice } from '../../objects/kinds/discovery-k8s-io-v1.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** Where a connection for a Service may go. */
export interface Target {
  readonly ip: string;
  readonly port: number;
}

/** An endpoint as DNS needs it. */
export interface NamedEndpoint {
  readonly ip: string;
  readonly hostname: string | undefined;
}

/**
 * The endpoints of Services, from EndpointSlices. An endpoint whose pod is being deleted counts as terminating at once,
 * before the slices say so.
 */
export class ServiceEndpoints {
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #pods: Informer<Pod>;
  readonly #listeners = new Set<(service: ObjectKey) => void>();
  readonly #stop: readonly (() => void)[];
  /** Resolves when all endpoints are known that there were at the start. */
  readonly synced: Promise<unknown>;

  constructor(informers: InformerSet) {
    this.#pods = informers.informer(Pod);
    const slices = informers.informer(EndpointSlice);
    this.synced = Promise.all([this.#pods.synced, slices.synced]);
    this.#stop = [
      slices.onEvent(({ type, object }) => this.#changed(object, type === 'deleted')),
      this.#pods.onEvent(({ object, previous }) => {
        const deleted = object.metadata.deletionTimestamp !== undefined;
        if (deleted && previous?.metadata.deletionTimestamp === undefined) this.#podLeaves(object);
      }),
    ];
  }

  /** Ready targets of a Service's port; when there is none, those that still serve while they terminate. */
  targets(service: ObjectKey, portName: string | undefined): readonly Target[] {
    const ready: Target[] = [];
    const leaving: Target[] = [];
    for (const slice of this.#slices.get(keyText(service))?.values() ?? []) {
      const port = (slice.ports ?? []).find((each) => (each.name ?? '') === (portName ?? ''))?.port;
      if (port === undefined || slice.addressType === 'FQDN') continue;
      for (const endpoint of slice.endpoints ?? []) {
        const [ip] = endpoint.addresses;
        if (ip === undefined) continue;
        const state = this.#stateOf(endpoint, service.namespace);
        if (state === 'ready') ready.push({ ip, port });
        else if (state === 'leaving') leaving.push({ ip, port });
      }
    }
    return ready.length > 0 ? ready : leaving;
  }

  /** Ready endpoints (all that there are, with `notReadyToo`), each once. */
  addresses(service: ObjectKey, notReadyToo: boolean): readonly NamedEndpoint[] {
    const found = new Map<string, NamedEndpoint>();
    for (const slice of this.#slices.get(keyText(service))?.values() ?? []) {
      if (slice.addressType !== 'IPv4') continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (!notReadyToo && this.#stateOf(endpoint, service.namespace) !== 'ready') continue;
        for (const ip of endpoint.addresses) found.set(ip, { ip, hostname: endpoint.hostname });
      }
    }
    return [...found.values()];
  }

  /** Calls back with a Service whose endpoints may have changed. */
  onChange(listener: (service: ObjectKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #stateOf(endpoint: Endpoint, namespace: string | undefined): 'ready' | 'leaving' | 'absent' {
    const { ready, serving, terminating } = endpoint.conditions ?? {};
    const reference = endpoint.targetRef;
    const pod =
      reference?.kind === 'Pod' && reference.name !== undefined
        ? this.#pods.get({ name: reference.name, ...(namespace === undefined ? {} : { namespace }) })
        : undefined;
    const leaves =
      terminating === true ||
      (pod?.metadata.deletionTimestamp !== undefined &&
        (reference?.uid === undefined || reference.uid === pod.metadata.uid));
    if (!leaves) return ready === false ? 'absent' : 'ready';
    return (serving ?? ready) === false ? 'absent' : 'leaving';
  }

  #changed(slice: EndpointSlice, gone: boolean): void {
    const name = slice.metadata.labels?.[SERVICE_LABEL];
    if (name === undefined) return;
    const service = {
      name,
      ...(slice.metadata.namespace === undefined ? {} : { namespace: slice.metadata.namespace }),
    };
    const slices = this.#slices.get(keyText(service)) ?? new Map<string, EndpointSlice>();
    if (gone) slices.delete(slice.metadata.name);
    else slices.set(slice.metadata.name, slice);
    if (slices.size === 0) this.#slices.delete(keyText(service));
    else this.#slices.set(keyText(service), slices);
    for (const listener of this.#listeners) listener(service);
  }

  #podLeaves(pod: Pod): void {
    const { name, namespace } = pod.metadata;
    for (const slices of this.#slices.values()) {
      for (const slice of slices.values()) {
        if (slice.metadata.namespace !== namespace) continue;
        if ((slice.endpoints ?? []).some(({ targetRef }) => targetRef?.kind === 'Pod' && targetRef.name === name)) {
          this.#changed(slice, false);
          break;
        }
      }
    }
  }
}
