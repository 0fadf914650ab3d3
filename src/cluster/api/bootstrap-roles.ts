import { ClusterRole, ClusterRoleBinding, type RoleRef } from '../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { isApiError } from '../../objects/api-error.js';
import { DEFAULT_CLUSTER_ROLE_BINDINGS, DEFAULT_CLUSTER_ROLES } from '../auth/rbac/default-roles.js';
import { withDefaultRules, withDefaultSubjects } from '../auth/rbac/reconcile-defaults.js';
import type { Client } from '../client/client.js';

/** Makes the default ClusterRoles and their bindings, and gives those that are there what they lack. */
export const createDefaultRoles = async (client: Client): Promise<void> => {
  await Promise.all(DEFAULT_CLUSTER_ROLES.map((wanted) => retried(() => ensureRole(client, wanted))));
  await Promise.all(DEFAULT_CLUSTER_ROLE_BINDINGS.map((wanted) => retried(() => ensureBinding(client, wanted))));
};

const ensureRole = async (client: Client, wanted: ClusterRole): Promise<void> => {
  const stored = await client.get(ClusterRole, { name: wanted.metadata.name });
  if (stored === undefined) {
    await client.create(wanted);
    return;
  }
  const wider = withDefaultRules(stored, wanted);
  if (wider !== undefined) await client.update(wider);
};

const ensureBinding = async (client: Client, wanted: ClusterRoleBinding): Promise<void> => {
  const { name } = wanted.metadata;
  const stored = await client.get(ClusterRoleBinding, { name });
  // What a binding gives can never be changed: one that gives something else is made again.
  const isOther = stored !== undefined && !isSameRole(stored.roleRef, wanted.roleRef);
  if (isOther) await client.delete(ClusterRoleBinding, { name });
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
