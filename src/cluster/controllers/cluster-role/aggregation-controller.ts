import type { PolicyRule } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { ClusterRole } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { keyOf } from '../../../objects/object.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Controller } from '../../client/controller.js';
import { DONE } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';

/** The rules of an aggregating role: those of all roles that it selects, in the order of their names, each once. */
export const aggregatedRules = (role: ClusterRole, roles: readonly ClusterRole[]): readonly PolicyRule[] => {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(selectorFromObject);
  const rules: PolicyRule[] = [];
  for (const selector of selectors) {
    const selected = roles
      .filter((each) => each.metadata.name !== role.metadata.name && matchesLabels(selector, labelsOf(each)))
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const rule of selected.flatMap((each) => each.rules ?? [])) {
      if (!rules.some((known) => isSemanticallyEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
};

/** Whoever applies the role without rules must not take these away: they are another manager's. */
const MANAGER = 'clusterrole-aggregation-controller';

/** Keeps the rules of ClusterRoles that are made of others. */
export const createClusterRoleAggregation = ({ client, informers }: ControllerDeps): Controller => {
  const roles = informers.informer(ClusterRole);
  return {
    name: 'clusterrole-aggregation',
    watches: [
      {
        kind: ClusterRole,
        keys: () =>
          roles
            .list()
            .filter((role) => role.aggregationRule !== undefined)
            .map(keyOf),
      },
    ],
    reconcile: async (key) => {
      const role = roles.get(key);
      if (role?.aggregationRule === undefined || role.metadata.deletionTimestamp !== undefined) return DONE;
      const rules = aggregatedRules(role, roles.list());
      if (isSemanticallyEqual(rules, role.rules)) return DONE;
      const { name } = role.metadata;
      await client.apply<ClusterRole>(
        { ...ClusterRole, metadata: { name }, rules },
        { fieldManager: MANAGER, force: true },
      );
      return DONE;
    },
  };
};
