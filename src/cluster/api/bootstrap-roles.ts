import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  RoleRef,
} from '../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { isApiError } from '../../objects/api-error.js';
import { defaultRoles } from '../auth/rbac/default-roles.js';
import { withDefaultRules, withDefaultSubjects } from '../auth/rbac/reconcile-defaults.js';
import type { Client } from '../client/client.js';

type AnyRole = ClusterRole | Role;
type AnyBinding = ClusterRoleBinding | RoleBinding;

/** Makes the default roles and their bindings, and gives those that are there what they lack. */
export const createDefaultRoles = async (client: Client): Promise<void> => {
  const { clusterRoles, clusterRoleBindings, roles, roleBindings } = defaultRoles();
  await Promise.all([...clusterRoles, ...roles].map((wanted) => retried(() => ensureRole(client, wanted))));
  const bindings = [...clusterRoleBindings, ...roleBindings];
  await Promise.all(bindings.map((wanted) => retried(() => ensureBinding(client, wanted))));
};

const keyOf = ({ metadata: { name, namespace } }: AnyRole | AnyBinding) =>
  namespace === undefined ? { name } : { name, namespace };

const ensureRole = async (client: Client, wanted: AnyRole): Promise<void> => {
  const stored = await client.get<AnyRole>(wanted, keyOf(wanted));
  if (stored === undefined) {
    await client.create(wanted);
    return;
  }
  const wider = withDefaultRules(stored, wanted);
  if (wider !== undefined) await client.update(wider);
};

const ensureBinding = async (client: Client, wanted: AnyBinding): Promise<void> => {
  const stored = await client.get<AnyBinding>(wanted, keyOf(wanted));
  // What a binding gives can never be changed: one that gives something else is made again.
  const isOther = stored !== undefined && !isSameRole(stored.roleRef, wanted.roleRef);
  if (isOther) await client.delete(wanted, keyOf(wanted));
  if (stored === undefined || isOther) {
    await client.create(wanted);
    return;
  }
  const wider = withDefaultSubjects(stored, wanted);
  if (wider !== undefined) await client.update(wider);
};

const isSameRole = (left: RoleRef, right: RoleRef): boolean => left.kind === right.kind && left.name === right.name;

/** Somebody may write the same object at the same time: it is read again. */
const retried = async (ensure: () => Promise<void>, attempts = 5): Promise<void> => {
  try {
    await ensure();
  } catch (error) {
    const isRace = isApiError(error, 'Conflict') || isApiError(error, 'AlreadyExists');
    if (!isRace || attempts <= 1) throw error;
    await retried(ensure, attempts - 1);
  }
};
