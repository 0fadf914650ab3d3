import type { Service } from '../../objects/kinds/core-v1.js';
import type { EndpointSlice } from '../../objects/kinds/discovery-k8s-io-v1.js';
import type { Store } from '../store/store.js';

/** A port of a Service, as configurations of webhooks and APIServices name it. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  /** Default 443. */
  readonly port?: number;
}

export const storedService = (store: Store, { namespace, name }: ServiceReference): Service | undefined =>
  store.get(`/registry/core/services/${namespace}/${name}`)?.object as Service | undefined;

export const slicesOf = (store: Store, { namespace, name }: ServiceReference): readonly EndpointSlice[] =>
  store
    .list(`/registry/discovery.k8s.io/endpointslices/${namespace}/`)
    .items.map(({ object }) => object as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);

/** An endpoint of the Service that is ready. Throws an Error that says why there is none. */
export const readyEndpoint = (store: Store, reference: ServiceReference): { host: string; port: number } => {
  const { name, port = 443 } = reference;
  const service = storedService(store, reference);
  if (service === undefined) throw new Error(`service "${name}" not found`);
  if (service.spec.type === 'ExternalName') return { host: service.spec.externalName ?? '', port };
  const asked = (service.spec.ports ?? []).find((each) => each.port === port);
  if (asked === undefined) throw new Error(`no service port ${port} found for service "${name}"`);
  for (const slice of slicesOf(store, reference)) {
    const open = (slice.ports ?? []).find((each) => (each.name ?? '') === (asked.name ?? ''))?.port;
    const host = (slice.endpoints ?? []).find(({ conditions }) => conditions?.ready !== false)?.addresses[0];
    if (open !== undefined && host !== undefined) return { host, port: open };
  }
  throw new Error(`no endpoints available for service "${name}"`);
};
