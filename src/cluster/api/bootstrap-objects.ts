import { timestamp } from '../../objects/conditions.js';
import type { KindOf } from '../../objects/kind.js';
import type { ServiceCIDR } from '../../objects/kinds/networking-k8s-io-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { FRONT_PROXY_NAME } from '../auth/credentials.js';
import type { Client } from '../client/client.js';

export interface Endpoint {
  /** Where clients inside pods reach the server. */
  readonly address: string;
  readonly port: number;
}

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** What the cluster cannot be without is never pushed aside by what users run. */
const PRIORITY_CLASSES = [
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];

const meta = (name: string, namespace?: string, labels?: Record<string, string>): KubeObject['metadata'] => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  ...(labels === undefined ? {} : { labels }),
});

/** What is there before anybody asks: the permanent namespaces and the priorities of the system. */
export const createNamespaces = async (client: Client): Promise<void> => {
  for (const name of NAMESPACES) await ensure(client, { apiVersion: 'v1', kind: 'Namespace', metadata: meta(name) });
  for (const { name, value, description } of PRIORITY_CLASSES) {
    const key = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
    await ensure(client, { ...key, metadata: meta(name), value, description });
  }
};

const RANGE: KindOf<ServiceCIDR> = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' };

/** The range of the addresses of Services. */
export const publishServiceRange = async (client: Client, cidr: string, now: number): Promise<void> => {
  if ((await client.get(RANGE, { name: 'kubernetes' })) !== undefined) return;
  const finalizers = ['networking.k8s.io/service-cidr-finalizer'];
  const made = await client.create<ServiceCIDR>({
    ...RANGE,
    metadata: { name: 'kubernetes', finalizers },
    spec: { cidrs: [cidr] },
  });
  const condition = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
  await client.updateStatus<ServiceCIDR>({
    ...made,
    status: { conditions: [{ ...condition, lastTransitionTime: timestamp(now) }] },
  });
};

/** The Service by which pods find the server, and where it leads. Called again when the server's address changes. */
export const publishServer = async (client: Client, clusterIP: string, endpoint: Endpoint): Promise<void> => {
  await ensure(client, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('kubernetes', 'default', { component: 'apiserver', provider: 'kubernetes' }),
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: endpoint.port }],
    },
  });
  const ports = [{ name: 'https', protocol: 'TCP', port: endpoint.port }];
  await ensure(client, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: meta('kubernetes', 'default', { 'endpointslice.kubernetes.io/skip-mirror': 'true' }),
    subsets: [{ addresses: [{ ip: endpoint.address }], ports }],
  });
  await ensure(client, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta('kubernetes', 'default', { 'kubernetes.io/service-name': 'kubernetes' }),
    addressType: 'IPv4',
    endpoints: [{ addresses: [endpoint.address], conditions: { ready: true } }],
    ports,
  });
};

/** By what aggregated servers know that a request comes from this server, and where it says who asks. */
export const publishFrontProxy = (client: Client, authority: string, clientAuthority: string): Promise<void> =>
  ensure(client, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('extension-apiserver-authentication', 'kube-system'),
    data: {
      ...(clientAuthority === '' ? {} : { 'client-ca-file': clientAuthority }),
      'requestheader-allowed-names': JSON.stringify([FRONT_PROXY_NAME]),
      'requestheader-client-ca-file': authority,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    },
  });

/** Makes the object, or brings the one that is there into the wanted form. */
const ensure = async (client: Client, object: KubeObject): Promise<void> => {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { namespace, name, labels } = metadata;
  const key = namespace === undefined ? { name } : { namespace, name };
  if ((await client.get(object, key)) === undefined) {
    await client.create(object);
    return;
  }
  const body = { ...rest, ...(labels === undefined ? {} : { metadata: { labels } }) };
  if (Object.keys(body).length > 0) await client.patch(object, key, { type: 'merge', body });
};
