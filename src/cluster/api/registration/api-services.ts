import type { Condition } from '../../../objects/conditions.js';
import type { KindOf } from '../../../objects/kind.js';
import type { KubeObject } from '../../../objects/object.js';
import type { ServedResource } from '../request.js';

/** A group version and who serves it; the type declarations that the kinds are made of do not have it. */
export interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly groupPriorityMinimum?: number;
    readonly versionPriority?: number;
    readonly service?: { readonly namespace?: string; readonly name?: string; readonly port?: number };
    /** PEM in base64: who signed the certificate of the server behind the Service. */
    readonly caBundle?: string;
    readonly insecureSkipTLSVerify?: boolean;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export const API_SERVICE: KindOf<ApiService> = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' };

/** Says that the server keeps the object: `onstart` of what is built in, `true` of custom resources. */
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** The priorities of the built-in group versions in Kubernetes: of the group, and of the version within it. */
const PRIORITIES: Readonly<Record<string, readonly [group: number, version: number]>> = {
  v1: [18_000, 1],
  'apps/v1': [17_800, 15],
  'events.k8s.io/v1': [17_750, 15],
  'authentication.k8s.io/v1': [17_700, 15],
  'authorization.k8s.io/v1': [17_600, 15],
  'autoscaling/v1': [17_500, 15],
  'autoscaling/v2': [17_500, 30],
  'batch/v1': [17_400, 15],
  'certificates.k8s.io/v1': [17_300, 15],
  'networking.k8s.io/v1': [17_200, 15],
  'policy/v1': [17_100, 15],
  'rbac.authorization.k8s.io/v1': [17_000, 15],
  'storage.k8s.io/v1': [16_800, 15],
  'apiextensions.k8s.io/v1': [16_700, 15],
  'admissionregistration.k8s.io/v1': [16_700, 15],
  'scheduling.k8s.io/v1': [16_600, 15],
  'coordination.k8s.io/v1': [16_500, 15],
  'node.k8s.io/v1': [16_300, 15],
  'discovery.k8s.io/v1': [16_200, 15],
  'resource.k8s.io/v1': [16_200, 21],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
};

const CUSTOM: readonly [number, number] = [1000, 100];

/**
 * Every served group version by the name of its APIService, with the object that is kept for it. Nothing is kept for
 * `metrics.k8s.io`, whose object comes with the metrics server, nor for `apiregistration.k8s.io` itself.
 */
export const servedApiServices = (
  resources: readonly Pick<ServedResource, 'group' | 'version' | 'apiVersion' | 'custom'>[],
): ReadonlyMap<string, ApiService | undefined> => {
  const services = new Map<string, ApiService | undefined>();
  for (const { group, version, apiVersion, custom } of resources) {
    const name = `${version}.${group}`;
    if (services.has(name)) continue;
    const priorities = custom ? CUSTOM : PRIORITIES[apiVersion];
    if (priorities === undefined) {
      services.set(name, undefined);
      continue;
    }
    const [groupPriorityMinimum, versionPriority] = priorities;
    services.set(name, {
      ...API_SERVICE,
      metadata: { name, labels: { [MANAGED]: custom ? 'true' : 'onstart' } },
      spec: { ...(group === '' ? {} : { group }), groupPriorityMinimum, version, versionPriority },
    });
  }
  return services;
};

/** Whether the server keeps the object, rather than a user. */
export const isManaged = ({ metadata }: KubeObject): boolean =>
  ['onstart', 'true'].includes(metadata.labels?.[MANAGED] ?? '');

/** What is said of a group version that this server answers itself. */
export const localAvailability = ({ spec = {} }: ApiService): Condition => ({
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message:
    spec.service === undefined
      ? 'Local APIServices are always available'
      : `${spec.group}/${spec.version} is served by this server itself, not by the service`,
});
