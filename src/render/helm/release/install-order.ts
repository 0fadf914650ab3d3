import { compareStrings } from '../template/go-string.js';

/** The kinds in the order in which Helm installs them; others follow by name. */
const INSTALL_ORDER = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

const positions = new Map(INSTALL_ORDER.map((kind, position) => [kind, position]));

export const compareKinds = (a: string, b: string): number => {
  const x = positions.get(a);
  const y = positions.get(b);
  if (x === undefined && y === undefined) return compareStrings(a, b);
  if (x === undefined) return 1;
  return y === undefined ? -1 : x - y;
};
