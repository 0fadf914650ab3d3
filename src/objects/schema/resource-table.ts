import type { KindRef } from '../kind.js';

export interface Subresource {
  /** `status`, `scale`, `log` */
  readonly name: string;
  readonly kind: KindRef;
  readonly verbs: readonly string[];
}

/** One resource as discovery shows it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** The apiVersion under which its objects are stored; differs from `apiVersion` where two versions share storage. */
  readonly storageVersion: string;
}

interface Declaration {
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly string[];
  readonly subresources?: readonly Subresource[];
  readonly clusterScoped?: boolean;
  readonly storageVersion?: string;
  /** `status` in short, with the resource's own kind. */
  readonly status?: boolean;
}

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const CREATE_ONLY = ['create'];
const READ_UPDATE = ['get', 'patch', 'update'];
const CONNECT = ['create', 'get'];
const PROXY = ['create', 'delete', 'get', 'patch', 'update'];
const SCALE: Subresource = { name: 'scale', kind: { apiVersion: 'autoscaling/v1', kind: 'Scale' }, verbs: READ_UPDATE };

const sub = (name: string, kind: string, verbs: readonly string[], apiVersion = 'v1'): Subresource => ({
  name,
  kind: { apiVersion, kind },
  verbs,
});

const resourceOf = (apiVersion: string, kind: string, plural: string, declared: Declaration): Resource => {
  const slash = apiVersion.indexOf('/');
  const status = declared.status === true ? [{ name: 'status', kind: { apiVersion, kind }, verbs: READ_UPDATE }] : [];
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    apiVersion,
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: declared.clusterScoped !== true,
    shortNames: declared.shortNames ?? [],
    categories: declared.categories ?? [],
    verbs: declared.verbs ?? ALL_VERBS,
    subresources: [...(declared.subresources ?? []), ...status],
    storageVersion: declared.storageVersion ?? apiVersion,
  };
};

type Row = readonly [kind: string, plural: string, declared: Declaration];

const cluster = true;
const all = ['all'];
const extensions = ['api-extensions'];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    ['Binding', 'bindings', { verbs: CREATE_ONLY }],
    ['ComponentStatus', 'componentstatuses', { shortNames: ['cs'], verbs: ['get', 'list'], clusterScoped: cluster }],
    ['ConfigMap', 'configmaps', { shortNames: ['cm'] }],
    ['Endpoints', 'endpoints', { shortNames: ['ep'] }],
    ['Event', 'events', { shortNames: ['ev'] }],
    ['LimitRange', 'limitranges', { shortNames: ['limits'] }],
    [
      'Namespace',
      'namespaces',
      {
        shortNames: ['ns'],
        verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
        subresources: [sub('finalize', 'Namespace', ['update'])],
        clusterScoped: cluster,
        status: true,
      },
    ],
    [
      'Node',
      'nodes',
      {
        shortNames: ['no'],
        subresources: [sub('proxy', 'NodeProxyOptions', PROXY)],
        clusterScoped: cluster,
        status: true,
      },
    ],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', { shortNames: ['pvc'], status: true }],
    ['PersistentVolume', 'persistentvolumes', { shortNames: ['pv'], clusterScoped: cluster, status: true }],
    [
      'Pod',
      'pods',
      {
        shortNames: ['po'],
        categories: all,
        subresources: [
          sub('attach', 'PodAttachOptions', CONNECT),
          sub('binding', 'Binding', CREATE_ONLY),
          sub('ephemeralcontainers', 'Pod', READ_UPDATE),
          sub('eviction', 'Eviction', CREATE_ONLY, 'policy/v1'),
          sub('exec', 'PodExecOptions', CONNECT),
          sub('log', 'Pod', ['get']),
          sub('portforward', 'PodPortForwardOptions', CONNECT),
          sub('proxy', 'PodProxyOptions', PROXY),
          sub('resize', 'Pod', READ_UPDATE),
        ],
        status: true,
      },
    ],
    ['PodTemplate', 'podtemplates', {}],
    [
      'ReplicationController',
      'replicationcontrollers',
      { shortNames: ['rc'], categories: all, subresources: [SCALE], status: true },
    ],
    ['ResourceQuota', 'resourcequotas', { shortNames: ['quota'], status: true }],
    ['Secret', 'secrets', {}],
    [
      'ServiceAccount',
      'serviceaccounts',
      {
        shortNames: ['sa'],
        subresources: [sub('token', 'TokenRequest', CREATE_ONLY, 'authentication.k8s.io/v1')],
      },
    ],
    [
      'Service',
      'services',
      {
        shortNames: ['svc'],
        categories: all,
        subresources: [sub('proxy', 'ServiceProxyOptions', PROXY)],
        status: true,
      },
    ],
  ],
  'apiregistration.k8s.io/v1': [
    ['APIService', 'apiservices', { categories: extensions, clusterScoped: cluster, status: true }],
  ],
  'apps/v1': [
    ['ControllerRevision', 'controllerrevisions', {}],
    ['DaemonSet', 'daemonsets', { shortNames: ['ds'], categories: all, status: true }],
    ['Deployment', 'deployments', { shortNames: ['deploy'], categories: all, subresources: [SCALE], status: true }],
    ['ReplicaSet', 'replicasets', { shortNames: ['rs'], categories: all, subresources: [SCALE], status: true }],
    ['StatefulSet', 'statefulsets', { shortNames: ['sts'], categories: all, subresources: [SCALE], status: true }],
  ],
  'events.k8s.io/v1': [['Event', 'events', { shortNames: ['ev'], storageVersion: 'v1' }]],
  'authentication.k8s.io/v1': [
    ['SelfSubjectReview', 'selfsubjectreviews', { verbs: CREATE_ONLY, clusterScoped: cluster }],
    ['TokenReview', 'tokenreviews', { verbs: CREATE_ONLY, clusterScoped: cluster }],
  ],
  'authorization.k8s.io/v1': [
    ['LocalSubjectAccessReview', 'localsubjectaccessreviews', { verbs: CREATE_ONLY }],
    ['SelfSubjectAccessReview', 'selfsubjectaccessreviews', { verbs: CREATE_ONLY, clusterScoped: cluster }],
    ['SelfSubjectRulesReview', 'selfsubjectrulesreviews', { verbs: CREATE_ONLY, clusterScoped: cluster }],
    ['SubjectAccessReview', 'subjectaccessreviews', { verbs: CREATE_ONLY, clusterScoped: cluster }],
  ],
  'autoscaling/v2': [
    ['HorizontalPodAutoscaler', 'horizontalpodautoscalers', { shortNames: ['hpa'], categories: all, status: true }],
  ],
  'autoscaling/v1': [
    [
      'HorizontalPodAutoscaler',
      'horizontalpodautoscalers',
      { shortNames: ['hpa'], categories: all, status: true, storageVersion: 'autoscaling/v2' },
    ],
  ],
  'batch/v1': [
    ['CronJob', 'cronjobs', { shortNames: ['cj'], categories: all, status: true }],
    ['Job', 'jobs', { categories: all, status: true }],
  ],
  'certificates.k8s.io/v1': [
    [
      'CertificateSigningRequest',
      'certificatesigningrequests',
      {
        shortNames: ['csr'],
        clusterScoped: cluster,
        subresources: [sub('approval', 'CertificateSigningRequest', READ_UPDATE, 'certificates.k8s.io/v1')],
        status: true,
      },
    ],
  ],
  'networking.k8s.io/v1': [
    ['IngressClass', 'ingressclasses', { clusterScoped: cluster }],
    ['Ingress', 'ingresses', { shortNames: ['ing'], status: true }],
    ['IPAddress', 'ipaddresses', { shortNames: ['ip'], clusterScoped: cluster }],
    ['NetworkPolicy', 'networkpolicies', { shortNames: ['netpol'] }],
    ['ServiceCIDR', 'servicecidrs', { clusterScoped: cluster, status: true }],
  ],
  'policy/v1': [['PodDisruptionBudget', 'poddisruptionbudgets', { shortNames: ['pdb'], status: true }]],
  'rbac.authorization.k8s.io/v1': [
    ['ClusterRoleBinding', 'clusterrolebindings', { clusterScoped: cluster }],
    ['ClusterRole', 'clusterroles', { clusterScoped: cluster }],
    ['RoleBinding', 'rolebindings', {}],
    ['Role', 'roles', {}],
  ],
  'storage.k8s.io/v1': [
    ['CSIDriver', 'csidrivers', { clusterScoped: cluster }],
    ['CSINode', 'csinodes', { clusterScoped: cluster }],
    ['CSIStorageCapacity', 'csistoragecapacities', {}],
    ['StorageClass', 'storageclasses', { shortNames: ['sc'], clusterScoped: cluster }],
    ['VolumeAttachment', 'volumeattachments', { clusterScoped: cluster, status: true }],
    ['VolumeAttributesClass', 'volumeattributesclasses', { shortNames: ['vac'], clusterScoped: cluster }],
  ],
  'admissionregistration.k8s.io/v1': [
    [
      'MutatingWebhookConfiguration',
      'mutatingwebhookconfigurations',
      { categories: extensions, clusterScoped: cluster },
    ],
    [
      'ValidatingAdmissionPolicy',
      'validatingadmissionpolicies',
      { categories: extensions, clusterScoped: cluster, status: true },
    ],
    [
      'ValidatingAdmissionPolicyBinding',
      'validatingadmissionpolicybindings',
      { categories: extensions, clusterScoped: cluster },
    ],
    [
      'ValidatingWebhookConfiguration',
      'validatingwebhookconfigurations',
      { categories: extensions, clusterScoped: cluster },
    ],
  ],
  'apiextensions.k8s.io/v1': [
    [
      'CustomResourceDefinition',
      'customresourcedefinitions',
      { shortNames: ['crd', 'crds'], categories: extensions, clusterScoped: cluster, status: true },
    ],
  ],
  'scheduling.k8s.io/v1': [['PriorityClass', 'priorityclasses', { shortNames: ['pc'], clusterScoped: cluster }]],
  'coordination.k8s.io/v1': [['Lease', 'leases', {}]],
  'node.k8s.io/v1': [['RuntimeClass', 'runtimeclasses', { clusterScoped: cluster }]],
  'discovery.k8s.io/v1': [['EndpointSlice', 'endpointslices', {}]],
  'resource.k8s.io/v1': [
    ['DeviceClass', 'deviceclasses', { clusterScoped: cluster }],
    ['ResourceClaim', 'resourceclaims', { status: true }],
    ['ResourceClaimTemplate', 'resourceclaimtemplates', {}],
    ['ResourceSlice', 'resourceslices', { clusterScoped: cluster }],
  ],
  'flowcontrol.apiserver.k8s.io/v1': [
    ['FlowSchema', 'flowschemas', { clusterScoped: cluster, status: true }],
    ['PriorityLevelConfiguration', 'prioritylevelconfigurations', { clusterScoped: cluster, status: true }],
  ],
};

const tableOf = (rows: Readonly<Record<string, readonly Row[]>>): readonly Resource[] =>
  Object.entries(rows).flatMap(([apiVersion, entries]) =>
    entries.map(([kind, plural, declared]) => resourceOf(apiVersion, kind, plural, declared)),
  );

/**
 * Every stable built-in resource of Kubernetes 1.35. Groups stand in the order of their priority in discovery; of a
 * group, the preferred version comes first.
 */
export const builtinResources: readonly Resource[] = tableOf(ROWS);

/** The resources of `metrics.k8s.io`, whose objects are computed and never stored. */
export const metricsResources: readonly Resource[] = tableOf({
  'metrics.k8s.io/v1beta1': [
    ['NodeMetrics', 'nodes', { verbs: ['get', 'list'], clusterScoped: cluster }],
    ['PodMetrics', 'pods', { verbs: ['get', 'list'] }],
  ],
});

const byKind = new Map(builtinResources.map((resource) => [`${resource.apiVersion}/${resource.kind}`, resource]));
const byPlural = new Map(builtinResources.map((resource) => [`${resource.apiVersion}/${resource.plural}`, resource]));

/** The resource that serves a built-in kind. */
export const resourceOfKind = ({ apiVersion, kind }: KindRef): Resource | undefined =>
  byKind.get(`${apiVersion}/${kind}`);

/** The built-in resource with a plural name in a group version: `builtinResource('apps/v1', 'deployments')`. */
export const builtinResource = (apiVersion: string, plural: string): Resource | undefined =>
  byPlural.get(`${apiVersion}/${plural}`);
