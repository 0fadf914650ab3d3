/** Group, version and kind. Empty parts of a selector match anything. */
export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Set for kinds that only an OpenAPI document tells to be without a namespace. */
  readonly isClusterScoped?: boolean;
}

/** Kinds (`example.com/v1/Park`) without a namespace, beyond those that Kustomize knows. */
export type ClusterScopes = Set<string>;

/** Names a resource as it is or was: kinds and names change on the way, and references follow. */
export interface ResourceId extends Gvk {
  readonly name: string;
  readonly namespace: string;
}

/** Kinds without a namespace, as Kustomize knows them; every other kind is taken for namespaced. */
const CLUSTER_SCOPED = new Set([
  'v1/ComponentStatus',
  'v1/Namespace',
  'v1/Node',
  'v1/NodeProxyOptions',
  'v1/PersistentVolume',
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap((kind) => [
    `admissionregistration.k8s.io/v1/${kind}`,
    `admissionregistration.k8s.io/v1beta1/${kind}`,
  ]),
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'apiextensions.k8s.io/v1beta1/CustomResourceDefinition',
  'apiregistration.k8s.io/v1/APIService',
  'apiregistration.k8s.io/v1beta1/APIService',
  'certificates.k8s.io/v1/CertificateSigningRequest',
  'certificates.k8s.io/v1beta1/CertificateSigningRequest',
  'flowcontrol.apiserver.k8s.io/v1beta1/FlowSchema',
  'flowcontrol.apiserver.k8s.io/v1beta1/PriorityLevelConfiguration',
  'networking.k8s.io/v1/IngressClass',
  'networking.k8s.io/v1beta1/IngressClass',
  'node.k8s.io/v1/RuntimeClass',
  'node.k8s.io/v1beta1/RuntimeClass',
  'policy/v1beta1/PodSecurityPolicy',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1beta1/ClusterRole',
  'rbac.authorization.k8s.io/v1beta1/ClusterRoleBinding',
  'scheduling.k8s.io/v1/PriorityClass',
  'scheduling.k8s.io/v1beta1/PriorityClass',
  ...['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'].flatMap((kind) => [
    `storage.k8s.io/v1/${kind}`,
    `storage.k8s.io/v1beta1/${kind}`,
  ]),
]);

export const apiVersionOf = ({ group, version }: Gvk): string => (group === '' ? version : `${group}/${version}`);

export const parseApiVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
};

export const isClusterScoped = (gvk: Gvk): boolean =>
  gvk.isClusterScoped === true || CLUSTER_SCOPED.has(`${apiVersionOf(gvk)}/${gvk.kind}`);

/** What stands for the namespace of a resource that cannot have one. */
export const NO_NAMESPACE = '_non_namespaceable_';

export const effectiveNamespace = (id: ResourceId): string =>
  isClusterScoped(id) ? NO_NAMESPACE : id.namespace === '' ? 'default' : id.namespace;

/** Equal for ids that name the same resource. */
export const idKey = (id: ResourceId): string =>
  `${id.group}|${id.version}|${id.kind}|${effectiveNamespace(id)}|${id.name}`;

export const sameId = (left: ResourceId, right: ResourceId): boolean =>
  left.name === right.name && sameGvk(left, right) && effectiveNamespace(left) === effectiveNamespace(right);

export const sameGvk = (left: Gvk, right: Gvk): boolean =>
  left.kind === right.kind && left.group === right.group && left.version === right.version;

export const isGvkSelected = (gvk: Gvk, selector: Partial<Gvk>): boolean =>
  (!selector.kind || selector.kind === gvk.kind) &&
  (!selector.group || selector.group === gvk.group) &&
  (!selector.version || selector.version === gvk.version);

export const gvkText = (gvk: Partial<Gvk>): string =>
  `${gvk.kind || '[noKind]'}.${gvk.version || '[noVer]'}.${gvk.group || '[noGrp]'}`;

/** `Deployment.v1.apps/web.[noNs]`: as Kustomize's messages name a resource. */
export const idText = (id: Partial<ResourceId>): string =>
  `${gvkText(id)}/${id.name || '[noName]'}.${id.namespace || '[noNs]'}`;

const ORDER_FIRST = (
  'Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole ' +
  'RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume ' +
  'PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget'
).split(' ');
const ORDER_LAST = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** The kinds that the legacy order puts in front of and behind all others. */
export const LEGACY_ORDER = { first: ORDER_FIRST, last: ORDER_LAST } as const;

const rankOf = (kind: string): number => {
  const first = ORDER_FIRST.indexOf(kind);
  return first >= 0 ? first - ORDER_FIRST.length : ORDER_LAST.indexOf(kind) + 1;
};

const sortText = (gvk: Partial<Gvk>): string => `${gvk.group || '~G'}_${gvk.version || '~V'}_${gvk.kind || '~K'}`;

export const compareGvk = (left: Partial<Gvk>, right: Partial<Gvk>): number => {
  const rank = rankOf(left.kind ?? '') - rankOf(right.kind ?? '');
  if (rank !== 0) return rank;
  const [one, two] = [sortText(left), sortText(right)];
  return one < two ? -1 : one > two ? 1 : 0;
};

/** The order of kinds within the legacy order, by the ranks of `orders`. */
export const legacySortText = sortText;
