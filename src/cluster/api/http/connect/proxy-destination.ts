import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Pod, Service } from '../../../../objects/kinds/core-v1.js';
import type { EndpointSlice } from '../../../../objects/kinds/discovery-k8s-io-v1.js';
import type { KubeObject } from '../../../../objects/object.js';
import type { Machinery } from '../../operations/machinery.js';
import { requireStored } from '../../operations/read.js';
import type { Target } from '../../request.js';
import { ApiError } from '../../../../objects/api-error.js';
import { badRequest } from '../../status-errors.js';
import { kubeletEndpoint, type KubeletAccess } from './kubelet-endpoint.js';
import type { Destination } from './tunnel.js';

/** Addresses that belong to the machine itself or to its provider: nobody is led there through an object's status. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('127.0.0.0', 8);
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addSubnet('0.0.0.0', 8);
FORBIDDEN.addSubnet('224.0.0.0', 4);
FORBIDDEN.addAddress('255.255.255.255');
FORBIDDEN.addAddress('::1', 'ipv6');
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('ff00::', 8, 'ipv6');

/** True for an address that the proxy may lead to. Names are never looked up. */
export const isProxyable = (address: string): boolean =>
  isIP(address) !== 0 && !FORBIDDEN.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

interface ProxyName {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** `name`, `name:port` or `scheme:name:port`. Throws BadRequest. */
export const splitProxyName = (text: string): ProxyName => {
  const parts = text.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1] ?? ''];
  if (parts.length > 3 || name === undefined || name === '' || !['', 'http', 'https'].includes(scheme ?? '')) {
    throw badRequest(`invalid name ${JSON.stringify(text)} in the path of the proxy`);
  }
  return { scheme: scheme ?? '', name, port: port ?? '' };
};

export interface ProxyOptions {
  readonly access: KubeletAccess | undefined;
  /** Addresses of pods beside those that are allowed anyway; loopback where pods live there. */
  readonly isPodAddress?: ((address: string) => boolean) | undefined;
}

/** Where a `proxy` subresource leads. Throws NotFound, BadRequest, ServiceUnavailable. */
export const proxyDestination = (
  machinery: Machinery,
  target: Target,
  path: string,
  options: ProxyOptions,
): Destination => {
  const asked = splitProxyName(target.name ?? '');
  const { subresource: _proxy, ...rest } = target;
  const object = requireStored(machinery, { ...rest, name: asked.name }).object;
  switch (target.resource.plural) {
    case 'pods':
      return toAddress(asked, podAddress(object as Pod, asked), path, options);
    case 'services':
      return toAddress(asked, serviceAddress(machinery, object as Service, asked), path, options);
    default:
      return toNode(machinery, object, asked, path, options);
  }
};

interface Address {
  readonly host: string;
  readonly port: number;
}

const toAddress = (
  { scheme }: ProxyName,
  { host, port }: Address,
  path: string,
  options: ProxyOptions,
): Destination => {
  if (!isProxyable(host) && options.isPodAddress?.(host) !== true) {
    throw badRequest('address not allowed');
  }
  return { secure: scheme === 'https', host, port, path };
};

const podAddress = (pod: Pod, { port }: ProxyName): Address => {
  const host = pod.status?.podIP ?? '';
  if (host === '') throw new ApiError('ServiceUnavailable', `pod ${pod.metadata.name} has no address yet`);
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  if (port === '') return { host, port: ports[0]?.containerPort ?? 80 };
  const named = ports.find(({ name }) => name === port)?.containerPort;
  return { host, port: named ?? portNumber(port) };
};

const portNumber = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw badRequest(`invalid port ${JSON.stringify(text)}`);
  return port;
};

/** An endpoint of the Service that is ready. */
const serviceAddress = (machinery: Machinery, { metadata, spec }: Service, { port }: ProxyName): Address => {
  const ports = spec.ports ?? [];
  const asked = port === '' ? ports[0] : ports.find((each) => each.name === port || String(each.port) === port);
  const missing = new ApiError(
    'ServiceUnavailable',
    `no endpoints available for service ${JSON.stringify(metadata.name)}`,
  );
  if (asked === undefined) throw missing;
  const prefix = `/registry/discovery.k8s.io/endpointslices/${metadata.namespace ?? ''}/`;
  const candidates = machinery.store
    .list(prefix)
    .items.map(({ object }) => object as EndpointSlice)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
    .flatMap((slice) => {
      const open = (slice.ports ?? []).find(({ name }) => (name ?? '') === (asked.name ?? ''))?.port;
      const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return open === undefined
        ? []
        : ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port: open })));
    });
  const chosen = candidates[Math.floor(Math.random() * candidates.length)];
  if (chosen === undefined) throw missing;
  return chosen;
};

/** Only the kubelet of a node can be reached through it, with the server's own credential. */
const toNode = (
  { store }: Machinery,
  node: KubeObject,
  { port: asked }: ProxyName,
  path: string,
  { access }: ProxyOptions,
): Destination => {
  if (access === undefined) throw new ApiError('ServiceUnavailable', 'this server speaks to no kubelets');
  const { host, port } = kubeletEndpoint(store, node.metadata.name, access);
  if (asked !== '' && portNumber(asked) !== port) throw badRequest('address not allowed');
  return {
    secure: true,
    host,
    port,
    path,
    headers: { authorization: `Bearer ${access.token}` },
    authority: access.authority,
  };
};
