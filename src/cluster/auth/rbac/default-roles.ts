import {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  type PolicyRule,
  type RoleRef,
  type Subject,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { ObjectMeta } from '../../../objects/object.js';
import { bootstrapPolicy } from '../../../objects/schema/bootstrap-policy.js';

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RoleEntry extends Named {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: ClusterRole['aggregationRule'];
}

interface BindingEntry extends Named {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

const metadataOf = ({ name, namespace, labels }: Named): ObjectMeta => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
});

const withMetadata = <Entry extends Named>(entry: Entry): Omit<Entry, keyof Named> & { metadata: ObjectMeta } => {
  const { name: _name, namespace: _namespace, labels: _labels, ...rest } = entry;
  return { ...rest, metadata: metadataOf(entry) };
};

/** The roles and bindings that Kubernetes gives its users and its own parts from the start. */
export interface DefaultRoles {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

export const defaultRoles = (): DefaultRoles => {
  const policy = bootstrapPolicy();
  const entries = <Entry>(list: readonly unknown[]): readonly Entry[] => list as readonly Entry[];
  return {
    clusterRoles: entries<RoleEntry>(policy.clusterRoles).map((entry) => ({ ...ClusterRole, ...withMetadata(entry) })),
    clusterRoleBindings: entries<BindingEntry>(policy.clusterRoleBindings).map((entry) => ({
      ...ClusterRoleBinding,
      ...withMetadata(entry),
    })),
    roles: entries<RoleEntry>(policy.roles).map((entry) => ({ ...Role, ...withMetadata(entry) })),
    roleBindings: entries<BindingEntry>(policy.roleBindings).map((entry) => ({
      ...RoleBinding,
      ...withMetadata(entry),
    })),
  };
};
