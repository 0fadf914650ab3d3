import type { Endpoint, EndpointSlice } from '../../../src/objects/kinds/discovery-k8s-io-v1.js';
import type { Service } from '../../../src/objects/kinds/core-v1.js';
import type { HTTPIngressPath, Ingress } from '../../../src/objects/kinds/networking-k8s-io-v1.js';

/** Objects of the namespace `shop` for tests of the network. */
export const service = (name: string, spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name },
  spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], clusterIP: '127.96.7.1', ...spec },
});

export const slice = (serviceName: string, port: number, endpoints: readonly Endpoint[]): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: `${serviceName}-1`, labels: { 'kubernetes.io/service-name': serviceName } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', port, protocol: 'TCP' }],
});

export const endpoint = (ip: string, conditions: Endpoint['conditions'] = { ready: true }): Endpoint => ({
  addresses: [ip],
  conditions: conditions ?? {},
});

export const path = (pathText: string, pathType: string, serviceName: string): HTTPIngressPath => ({
  path: pathText,
  pathType,
  backend: { service: { name: serviceName, port: { number: 80 } } },
});

export const ingress = (
  name: string,
  rules: readonly { readonly host?: string; readonly paths: readonly HTTPIngressPath[] }[],
  spec: Partial<Ingress['spec']> = {},
): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { namespace: 'shop', name, creationTimestamp: '2030-01-01T00:00:00Z' },
  spec: {
    rules: rules.map(({ host, paths }) => ({ ...(host === undefined ? {} : { host }), http: { paths } })),
    ...spec,
  },
});
