import type { KubeObject } from '../../../objects/object.js';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { StoreError, type Store } from '../../store/store.js';
import type { AccessAttributes, Authorizer, Decision } from '../authorizer.js';
import type { UserInfo } from '../user.js';
import { AccessIndex } from './access-index.js';
import { ruleAllows } from './rules.js';

const PREFIX = '/registry/rbac.authorization.k8s.io/';

/** The rules that hold for somebody, and the roles that could not be found. */
export interface HeldRules {
  readonly rules: readonly PolicyRule[];
  readonly problems: readonly string[];
}

/**
 * Decides by the Roles and bindings in the store. What they say is kept in an index, which a watch marks as outdated;
 * without a watch (before `follow`, or between two) every new revision of the store is looked at.
 */
export class Rbac {
  #index: AccessIndex | undefined;
  #revision = -1;
  #following = false;

  constructor(private readonly store: Store) {}

  readonly authorize: Authorizer = (asked) => decide(this.#current(), asked);

  rulesFor(user: UserInfo, namespace?: string): HeldRules {
    const grants = [...this.#current().grantsOf(user, namespace)];
    // A user may have the same role by several bindings.
    const rules = [...new Set(grants.flatMap((grant) => grant.rules))];
    return { rules, problems: problemsOf(grants) };
  }

  /** Undefined when the role is not there. `namespace` is the binding's. */
  rulesOfRole(role: RoleRef, namespace = ''): readonly PolicyRule[] | undefined {
    return this.#current().rulesOfRole(role, namespace);
  }

  /** Keeps the index current until the signal fires. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const events = this.store.watch(PREFIX, this.store.revision, signal);
        this.#index = undefined;
        this.#following = true;
        for await (const { stored } of events) if (stored.key.startsWith(PREFIX)) this.#index = undefined;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'closed') throw error;
      } finally {
        this.#following = false;
      }
    }
  }

  #current(): AccessIndex {
    const { revision } = this.store;
    if (this.#index !== undefined && (this.#following || this.#revision === revision)) return this.#index;
    this.#revision = revision;
    this.#index = new AccessIndex({
      roles: this.#list('roles') as readonly Role[],
      clusterRoles: this.#list('clusterroles') as readonly ClusterRole[],
      roleBindings: this.#list('rolebindings') as readonly RoleBinding[],
      clusterRoleBindings: this.#list('clusterrolebindings') as readonly ClusterRoleBinding[],
    });
    return this.#index;
  }

  #list(plural: string): readonly KubeObject[] {
    return this.store.list(`${PREFIX}${plural}/`).items.map(({ object }) => object);
  }
}

/** The first rule that allows it decides; a role that is missing is said only when none does. */
const decide = (index: AccessIndex, asked: AccessAttributes): Decision => {
  const grants = [...index.grantsOf(asked.user, asked.namespace)];
  for (const { rules, source } of grants) {
    if (rules.some((rule) => ruleAllows(rule, asked))) return { allowed: true, reason: `RBAC: allowed by ${source}` };
  }
  const problems = problemsOf(grants);
  if (problems.length === 0) return { allowed: false };
  return { allowed: false, reason: `RBAC: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}` };
};

const problemsOf = (grants: readonly { readonly problem?: string }[]): readonly string[] => [
  ...new Set(grants.flatMap(({ problem }) => problem ?? [])),
];
