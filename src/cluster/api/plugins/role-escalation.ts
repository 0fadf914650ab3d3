import { isDeepStrictEqual } from 'node:util';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { ApiError } from '../../../objects/api-error.js';
import type { Authorizer } from '../../auth/authorizer.js';
import { missingRole } from '../../auth/rbac/access-index.js';
import { escalationProblem, EVERYTHING } from '../../auth/rbac/escalation.js';
import type { Rbac } from '../../auth/rbac/rbac.js';
import { MASTERS } from '../../auth/user.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';

const GROUP = 'rbac.authorization.k8s.io';

type Write = AdmissionRequest & { readonly object: KubeObject };

/** Nobody gives away more than he has, unless he may `escalate` the role or `bind` it. */
export const roleEscalation = (rbac: Rbac, authorize: Authorizer): AdmissionPlugin => ({
  name: 'RoleEscalation',
  validate: ({ object, ...request }) => {
    const { target, operation, context } = request;
    if (target.resource.group !== GROUP || object === undefined) return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if (context.user.groups.includes(MASTERS) || onlyLifecycleChanged(object, request.oldObject)) return;
    const { plural } = target.resource;
    if (plural === 'roles' || plural === 'clusterroles') checkRole(rbac, authorize, { ...request, object });
    else checkBinding(rbac, authorize, { ...request, object });
  },
});

const checkRole = (rbac: Rbac, authorize: Authorizer, request: Write): void => {
  const { target, context, object, oldObject } = request;
  const role = object as Role & ClusterRole;
  const old = oldObject as (Role & ClusterRole) | undefined;
  const isUnchanged =
    old !== undefined &&
    isDeepStrictEqual(role.rules, old.rules) &&
    isDeepStrictEqual(role.aggregationRule, old.aggregationRule);
  if (isUnchanged || mayDo(authorize, request, 'escalate', target.resource.plural, role.metadata.name)) return;
  refuseMore(rbac, request, role.rules ?? []);
  if (role.aggregationRule === undefined && old?.aggregationRule === undefined) return;
  const held = rbac.rulesFor(context.user, target.namespace);
  if (escalationProblem(context.user, held, EVERYTHING) === undefined) return;
  const why = 'must have cluster-admin privileges to use the aggregationRule';
  throw forbidden(target.resource, role.metadata.name, why);
};

const checkBinding = (rbac: Rbac, authorize: Authorizer, request: Write): void => {
  const { roleRef } = request.object as RoleBinding | ClusterRoleBinding;
  const plural = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (mayDo(authorize, request, 'bind', plural, roleRef.name)) return;
  const rules = rbac.rulesOfRole(roleRef, request.target.namespace);
  if (rules === undefined) {
    throw new ApiError('NotFound', missingRole(roleRef), { name: roleRef.name, group: GROUP, kind: plural });
  }
  refuseMore(rbac, request, rules);
};

const refuseMore = (rbac: Rbac, { target, context, object }: Write, given: readonly PolicyRule[]): void => {
  const held = rbac.rulesFor(context.user, target.namespace);
  const problem = escalationProblem(context.user, held, given);
  if (problem !== undefined) throw forbidden(target.resource, object.metadata.name, problem);
};

const mayDo = (
  authorize: Authorizer,
  { target: { namespace }, context: { user } }: Write,
  verb: 'escalate' | 'bind',
  resource: string,
  name: string,
): boolean =>
  authorize({ user, verb, group: GROUP, resource, name, ...(namespace === undefined ? {} : { namespace }) }).allowed;

/** The garbage collector changes owners and finalizers of objects whose rights it does not have. */
const onlyLifecycleChanged = (object: KubeObject, old: KubeObject | undefined): boolean =>
  old !== undefined && isDeepStrictEqual(withoutLifecycle(object), withoutLifecycle(old));

const LIFECYCLE = new Set(['finalizers', 'ownerReferences', 'managedFields', 'resourceVersion', 'generation']);

const withoutLifecycle = (object: KubeObject): object => ({
  ...object,
  metadata: Object.fromEntries(Object.entries(object.metadata).filter(([field]) => !LIFECYCLE.has(field))),
});
