import {
  ClusterRole,
  ClusterRoleBinding,
  type PolicyRule,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from '../user.js';

// The names and rules that Kubernetes gives its users from the start; its components have none here, they are this
// process (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings).

const GROUP = 'rbac.authorization.k8s.io';
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const READ_WRITE = [...READ, ...WRITE];

const may = (verbs: readonly string[], group: string, ...resources: readonly string[]): PolicyRule => ({
  apiGroups: [group],
  resources,
  verbs,
});

const mayGet = (...nonResourceURLs: readonly string[]): PolicyRule => ({ nonResourceURLs, verbs: ['get'] });

const metadataOf = (name: string, aggregatedTo?: string): ClusterRole['metadata'] => ({
  name,
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: {
    'kubernetes.io/bootstrapping': 'rbac-defaults',
    ...(aggregatedTo === undefined ? {} : { [`${GROUP}/aggregate-to-${aggregatedTo}`]: 'true' }),
  },
});

const role = (name: string, rules: readonly PolicyRule[], aggregatedTo?: string): ClusterRole => ({
  ...ClusterRole,
  metadata: metadataOf(name, aggregatedTo),
  rules,
});

/** A role whose rules are those of the roles that are labelled for it. */
const aggregate = (name: string, aggregatedTo?: string): ClusterRole => ({
  ...ClusterRole,
  metadata: metadataOf(name, aggregatedTo),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`${GROUP}/aggregate-to-${name}`]: 'true' } }] },
});

const VIEW = [
  may(
    READ,
    '',
    'configmaps',
    'endpoints',
    'persistentvolumeclaims',
    'persistentvolumeclaims/status',
    'pods',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'serviceaccounts',
    'services',
    'services/status',
  ),
  may(
    READ,
    '',
    'bindings',
    'events',
    'limitranges',
    'namespaces/status',
    'pods/log',
    'pods/status',
    'replicationcontrollers/status',
    'resourcequotas',
    'resourcequotas/status',
  ),
  may(READ, '', 'namespaces'),
  may(READ, 'discovery.k8s.io', 'endpointslices'),
  may(
    READ,
    'apps',
    'controllerrevisions',
    'daemonsets',
    'daemonsets/status',
    'deployments',
    'deployments/scale',
    'deployments/status',
    'replicasets',
    'replicasets/scale',
    'replicasets/status',
    'statefulsets',
    'statefulsets/scale',
    'statefulsets/status',
  ),
  may(READ, 'autoscaling', 'horizontalpodautoscalers', 'horizontalpodautoscalers/status'),
  may(READ, 'batch', 'cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'),
  may(READ, 'policy', 'poddisruptionbudgets', 'poddisruptionbudgets/status'),
  may(READ, 'networking.k8s.io', 'ingresses', 'ingresses/status', 'networkpolicies'),
];

const STREAMS = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];

const EDIT = [
  may(READ, '', ...STREAMS, 'secrets', 'services/proxy'),
  may(['impersonate'], '', 'serviceaccounts'),
  may(WRITE, '', 'pods', ...STREAMS),
  may(['create'], '', 'pods/eviction'),
  may(
    WRITE,
    '',
    'configmaps',
    'events',
    'persistentvolumeclaims',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'secrets',
    'serviceaccounts',
    'services',
    'services/proxy',
  ),
  may(['create'], '', 'serviceaccounts/token'),
  may(
    WRITE,
    'apps',
    'daemonsets',
    'deployments',
    'deployments/rollback',
    'deployments/scale',
    'replicasets',
    'replicasets/scale',
    'statefulsets',
    'statefulsets/scale',
  ),
  may(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  may(WRITE, 'batch', 'cronjobs', 'jobs'),
  may(WRITE, 'policy', 'poddisruptionbudgets'),
  may(WRITE, 'networking.k8s.io', 'ingresses', 'networkpolicies'),
  may(READ_WRITE, 'coordination.k8s.io', 'leases'),
];

export const DEFAULT_CLUSTER_ROLES: readonly ClusterRole[] = [
  role('cluster-admin', [may(['*'], '*', '*'), { nonResourceURLs: ['*'], verbs: ['*'] }]),
  aggregate('admin'),
  aggregate('edit', 'admin'),
  aggregate('view', 'edit'),
  role(
    'system:aggregate-to-admin',
    [
      may(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
      may(READ_WRITE, GROUP, 'rolebindings', 'roles'),
    ],
    'admin',
  ),
  role('system:aggregate-to-edit', EDIT, 'edit'),
  role('system:aggregate-to-view', VIEW, 'view'),
  role('system:auth-delegator', [
    may(['create'], 'authentication.k8s.io', 'tokenreviews'),
    may(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  role('system:basic-user', [
    may(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
    may(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  role('system:discovery', [
    mayGet(
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ]),
  role('system:monitoring', [
    mayGet('/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'),
  ]),
  role('system:public-info-viewer', [mayGet('/healthz', '/livez', '/readyz', '/version', '/version/')]),
  role('system:service-account-issuer-discovery', [
    mayGet(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ]),
];

const bind = (name: string, ...groups: readonly string[]): ClusterRoleBinding => ({
  ...ClusterRoleBinding,
  metadata: metadataOf(name),
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group })),
});

export const DEFAULT_CLUSTER_ROLE_BINDINGS: readonly ClusterRoleBinding[] = [
  bind('cluster-admin', MASTERS),
  bind('system:basic-user', AUTHENTICATED),
  bind('system:discovery', AUTHENTICATED),
  bind('system:monitoring', 'system:monitoring'),
  bind('system:public-info-viewer', AUTHENTICATED, UNAUTHENTICATED),
  bind('system:service-account-issuer-discovery', 'system:serviceaccounts'),
];
