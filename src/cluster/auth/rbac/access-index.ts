import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { UserInfo } from '../user.js';

export interface RbacObjects {
  readonly roles: readonly Role[];
  readonly clusterRoles: readonly ClusterRole[];
  readonly roleBindings: readonly RoleBinding[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
}

/** What one binding gives to one of its subjects. */
export interface Grant {
  /** `ClusterRoleBinding "x" of ClusterRole "y" to User "z"` */
  readonly source: string;
  readonly rules: readonly PolicyRule[];
  /** Why there are no rules: the role is not there. */
  readonly problem?: string;
}

/** The grants of the cluster, or those of one namespace, by whom they are for. */
interface Grants {
  readonly users: Map<string, Grant[]>;
  readonly groups: Map<string, Grant[]>;
}

const NONE: readonly Grant[] = [];

/** Who was given what. Made anew when one of the objects changes; a question reads the grants of its user only. */
export class AccessIndex {
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  readonly #cluster: Grants = { users: new Map(), groups: new Map() };
  readonly #namespaces = new Map<string, Grants>();

  constructor({ roles, clusterRoles, roleBindings, clusterRoleBindings }: RbacObjects) {
    for (const { metadata, rules } of clusterRoles) {
      this.#rules.set(roleKey('ClusterRole', '', metadata.name), rules ?? []);
    }
    for (const { metadata, rules } of roles) {
      this.#rules.set(roleKey('Role', metadata.namespace ?? '', metadata.name), rules ?? []);
    }
    for (const binding of clusterRoleBindings) this.#add(this.#cluster, binding, 'ClusterRoleBinding', '');
    for (const binding of roleBindings) {
      const { namespace = '' } = binding.metadata;
      let grants = this.#namespaces.get(namespace);
      if (grants === undefined) this.#namespaces.set(namespace, (grants = { users: new Map(), groups: new Map() }));
      this.#add(grants, binding, 'RoleBinding', namespace);
    }
  }

  /** Everything that the user was given in the cluster, and then in the namespace. */
  *grantsOf(user: UserInfo, namespace = ''): Generator<Grant> {
    yield* ofUser(this.#cluster, user);
    const local = namespace === '' ? undefined : this.#namespaces.get(namespace);
    if (local !== undefined) yield* ofUser(local, user);
  }

  /** Undefined when the role is not there. `namespace` is the binding's. */
  rulesOfRole({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return this.#rules.get(roleKey(kind, kind === 'Role' ? namespace : '', name));
  }

  #add(grants: Grants, binding: RoleBinding | ClusterRoleBinding, kind: string, namespace: string): void {
    const { metadata, roleRef, subjects = [] } = binding;
    const rules = this.rulesOfRole(roleRef, namespace);
    const resolved = rules === undefined ? { rules: [], problem: missingRole(roleRef) } : { rules };
    const name = namespace === '' ? metadata.name : `${metadata.name}/${namespace}`;
    for (const subject of subjects) {
      const to = userOrGroup(subject, namespace);
      if (to === undefined) continue;
      const source = `${kind} ${quote(name)} of ${roleRef.kind} ${quote(roleRef.name)} to ${describe(subject, namespace)}`;
      append(grants[to.list], to.name, { source, ...resolved });
    }
  }
}

/** As Kubernetes words a role that a binding names and that is not there. */
export const missingRole = ({ kind, name }: RoleRef): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${quote(name)} not found`;

const ofUser = function* ({ users, groups }: Grants, user: UserInfo): Generator<Grant> {
  yield* users.get(user.name) ?? NONE;
  for (const group of user.groups) yield* groups.get(group) ?? NONE;
};

/** Service accounts are users with a name of their own; in a RoleBinding they are of its namespace unless they say. */
const userOrGroup = (
  { kind, name, namespace = '' }: Subject,
  bindingNamespace: string,
): { readonly list: keyof Grants; readonly name: string } | undefined => {
  if (kind === 'User') return { list: 'users', name };
  if (kind === 'Group') return { list: 'groups', name };
  const home = namespace === '' ? bindingNamespace : namespace;
  if (kind !== 'ServiceAccount' || home === '') return undefined;
  return { list: 'users', name: `system:serviceaccount:${home}:${name}` };
};

const describe = ({ kind, name, namespace = '' }: Subject, bindingNamespace: string): string =>
  kind === 'ServiceAccount'
    ? `${kind} ${quote(`${name}/${namespace === '' ? bindingNamespace : namespace}`)}`
    : `${kind} ${quote(name)}`;

const append = (grants: Map<string, Grant[]>, name: string, grant: Grant): void => {
  const known = grants.get(name);
  if (known === undefined) grants.set(name, [grant]);
  else known.push(grant);
};

const roleKey = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;
const quote = (text: string): string => JSON.stringify(text);
