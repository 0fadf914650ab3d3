import type { UserInfo } from '../../auth/user.js';
import type { KeyedCertificate } from '../../auth/certificates.js';
import type { Store } from '../../store/store.js';
import type { Destination } from '../http/connect/tunnel.js';
import type { ApiService } from '../registration/api-services.js';
import { readyEndpoint, slicesOf, storedService, type ServiceReference } from '../service-endpoint.js';

/** The Service behind an APIService; undefined for a group version that this server answers itself. */
export const serviceOf = ({ spec }: ApiService): Required<ServiceReference> | undefined => {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  return spec?.service === undefined ? undefined : { namespace, name, port };
};

/** `/apis/metrics.example/v1` */
export const rootPathOf = ({ spec = {} }: ApiService): string => `/apis/${spec.group ?? ''}/${spec.version ?? ''}`;

/** Why requests cannot be passed on, as a condition has it. */
export interface Obstacle {
  readonly reason: string;
  readonly message: string;
}

/** What the objects of the cluster say: that the Service is missing, closed, or leads nowhere. */
export const obstacleTo = (store: Store, reference: Required<ServiceReference>): Obstacle | undefined => {
  const { namespace, name, port } = reference;
  const place = `service/${name} in ${JSON.stringify(namespace)}`;
  const service = storedService(store, reference);
  if (service === undefined) return { reason: 'ServiceNotFound', message: `${place} is not present` };
  if ((service.spec.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const open = (service.spec.ports ?? []).find((each) => each.port === port);
  if (open === undefined) return { reason: 'ServicePortError', message: `${place} is not listening on port ${port}` };
  const slices = slicesOf(store, reference);
  if (slices.length === 0) return { reason: 'EndpointsNotFound', message: `cannot find endpointslices for ${place}` };
  const portName = open.name ?? '';
  const isReady = slices.some(
    ({ endpoints, ports }) =>
      (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
      (ports ?? []).some((each) => (each.name ?? '') === portName && each.port !== undefined),
  );
  if (isReady) return undefined;
  const message = `endpointslices for ${place} have no addresses with port name ${JSON.stringify(portName)}`;
  return { reason: 'MissingEndpoints', message };
};

/** Where a request for an aggregated group version goes, in the name of whom. Throws an Error when nothing is ready. */
export const aggregatedDestination = (
  store: Store,
  service: ApiService,
  path: string,
  user: UserInfo,
  identity: KeyedCertificate | undefined,
): Destination => {
  const reference = serviceOf(service) as Required<ServiceReference>;
  const { caBundle, insecureSkipTLSVerify = false } = service.spec ?? {};
  return {
    secure: true,
    ...readyEndpoint(store, reference),
    path,
    headers: headersOf(user),
    tls: {
      servername: `${reference.name}.${reference.namespace}.svc`,
      rejectUnauthorized: !insecureSkipTLSVerify,
      ...(caBundle === undefined ? {} : { ca: Buffer.from(caBundle, 'base64') }),
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    },
  };
};

/** Who asks, in the headers that aggregated servers believe whoever shows the certificate of the front proxy. */
const headersOf = ({ name, uid, groups, extra = {} }: UserInfo): Record<string, string | readonly string[]> => ({
  'X-Remote-User': name,
  ...(uid === undefined || uid === '' ? {} : { 'X-Remote-Uid': uid }),
  ...(groups.length === 0 ? {} : { 'X-Remote-Group': groups }),
  ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${escaped(key)}`, values])),
});

/** The name of a header from a key that may hold what headers cannot. */
const escaped = (key: string): string =>
  key.replace(/[^!#$&'*+.^_`|~0-9A-Za-z-]/gu, (character) => encodeURIComponent(character));
