import type { Node, Pod } from '../../../../objects/kinds/core-v1.js';
import type { Store } from '../../../store/store.js';
import { badRequest, internal } from '../../status-errors.js';

/** How the server speaks to kubelets. */
export interface KubeletAccess {
  /** The bearer token that kubelets ask for. */
  readonly token: string;
  /** PEM: who signed the certificates of kubelets. */
  readonly authority: string;
  /** Where every kubelet listens, when that is not the address of its node: all of them in one process. */
  readonly address?: string;
}

export interface KubeletEndpoint {
  readonly host: string;
  readonly port: number;
}

/** The order in which the addresses of a node are tried. */
const ADDRESS_TYPES = ['InternalIP', 'ExternalIP', 'Hostname'];
const DEFAULT_PORT = 10_250;

/** Where the kubelet of a node listens. Throws InternalError for a node without an address. */
export const kubeletEndpoint = (store: Store, nodeName: string, access: KubeletAccess): KubeletEndpoint => {
  const node = store.get(`/registry/core/nodes/${nodeName}`)?.object as Node | undefined;
  if (node === undefined) throw internal(`no node ${JSON.stringify(nodeName)} is known`);
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  const own = ADDRESS_TYPES.map((type) => addresses.find((each) => each.type === type)?.address);
  const host = [access.address, ...own].find((address) => address !== undefined && address !== '');
  if (host === undefined) throw internal(`no preferred addresses found; known addresses: ${JSON.stringify(addresses)}`);
  const { Port: port } = daemonEndpoints?.kubeletEndpoint ?? { Port: 0 };
  return { host, port: port === 0 ? DEFAULT_PORT : port };
};

/** The container that a request is about: the named one, or the only one. Throws BadRequest. */
export const containerOf = (pod: Pod, asked: string | null): string => {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const all = [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
  if (asked !== null && asked !== '') {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
    return asked;
  }
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only.name;
  const names = containers.map(({ name }) => name).join(' ');
  const inits =
    initContainers.length === 0
      ? ''
      : ` or one of the init containers: [${initContainers.map(({ name }) => name).join(' ')}]`;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]${inits}`,
  );
};
