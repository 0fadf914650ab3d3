import { Deployment, ReplicaSet, StatefulSet } from '../../../objects/kinds/apps-v1.js';
import { Pod, ReplicationController } from '../../../objects/kinds/core-v1.js';
import { PodDisruptionBudget } from '../../../objects/kinds/policy-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { controllerOf } from '../../../objects/owner-references.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Client } from '../../client/client.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { Informer, InformerSet } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { disruptionStatus, expectation, failedStatus } from './plan-disruption.js';

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

/** Says how many pods of a budget may be evicted now. */
export const createDisruptionController = (deps: ControllerDeps): Controller => {
  const { client, clock } = deps;
  const budgets = deps.informers.informer(PodDisruptionBudget);
  const pods = deps.informers.informer(Pod);
  const scaleOf = createScaleFinder(client, deps.informers);
  const recorder = deps.recorder('controllermanager');

  const podsOf = (budget: PodDisruptionBudget): readonly Pod[] => {
    const selector = selectorFromObject(budget.spec.selector);
    return pods.list(budget.metadata.namespace).filter((pod) => matchesLabels(selector, labelsOf(pod)));
  };
  const budgetsOf = (object: KubeObject, previous: KubeObject | undefined): readonly ObjectKey[] => {
    const sets = [labelsOf(object), labelsOf(previous ?? {})];
    return budgets
      .list(object.metadata.namespace)
      .filter(({ spec }) => sets.some((labels) => matchesLabels(selectorFromObject(spec.selector), labels)))
      .map(keyOf);
  };

  return {
    name: 'disruption',
    watches: [
      watchSelf(PodDisruptionBudget),
      { kind: Pod, keys: budgetsOf },
      // Their sizes are what percentages are of.
      ...[Deployment, ReplicaSet, StatefulSet, ReplicationController].map((kind) => ({
        kind,
        keys: ({ metadata }: KubeObject) => budgets.list(metadata.namespace).map(keyOf),
      })),
    ],
    reconcile: async (key) => {
      const budget = budgets.get(key);
      if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return DONE;
      const matching = podsOf(budget);
      if (matching.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
      const now = clock.now();
      const scales = await scaleOf(matching);
      if (typeof scales === 'string' && needsScale(budget)) {
        recorder.event(
          budget,
          'Warning',
          'CalculateExpectedPodCountFailed',
          `Failed to calculate the number of expected pods: ${scales}`,
        );
        const status = failedStatus(budget, scales, now);
        if (!isSemanticallyEqual(status, budget.status)) await client.updateStatus({ ...budget, status });
        return DONE;
      }
      if (needsScale(budget) && matching.some((pod) => controllerOf(pod) === undefined)) {
        recorder.event(budget, 'Warning', 'UnmanagedPods', unmanaged(budget));
      }
      const wanted = expectation(budget, matching.length, () => (typeof scales === 'string' ? 0 : scales));
      const { status, recheckInMs } = disruptionStatus(budget, matching, wanted, now);
      if (!isSemanticallyEqual(status, budget.status)) await client.updateStatus({ ...budget, status });
      return recheckInMs === undefined ? DONE : { requeueAfterMs: recheckInMs };
    },
  };
};

/** Pods that nobody controls count for no size; the selector is written as Go prints it. */
const unmanaged = ({ spec }: PodDisruptionBudget): string => {
  const labels = Object.entries(spec.selector?.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (spec.selector?.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(' ')}]}`,
  );
  const selector = `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.map((each) => `${each},`).join('')}},}`;
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status ` +
    'of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please ' +
    'set ".spec.minAvailable" field of the PDB to an integer value.'
  );
};

const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';

/** Finds the sum of the sizes that the controllers of pods want; a text says why it cannot be found. */
const createScaleFinder = (client: Client, informers: InformerSet) => {
  const replicaSets = informers.informer(ReplicaSet);
  const known: readonly Informer<Scaled>[] = [
    informers.informer<Scaled>(Deployment),
    informers.informer<Scaled>(ReplicaSet),
    informers.informer<Scaled>(StatefulSet),
    informers.informer<Scaled>(ReplicationController),
  ];
  const find = async (kind: { apiVersion: string; kind: string }, key: ObjectKey): Promise<Scaled | undefined> => {
    const informer = known.find((each) => each.kind.kind === kind.kind && each.kind.apiVersion === kind.apiVersion);
    return informer === undefined ? client.get<Scaled>(kind, key) : informer.get(key);
  };
  return async (pods: readonly Pod[]): Promise<number | string> => {
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const { namespace = '' } = pod.metadata;
      let owner = controllerOf(pod);
      if (owner === undefined) continue;
      const replicaSet = owner.kind === 'ReplicaSet' ? replicaSets.get({ namespace, name: owner.name }) : undefined;
      owner = (replicaSet === undefined ? undefined : controllerOf(replicaSet)) ?? owner;
      if (scales.has(owner.uid)) continue;
      const object = await find(owner, { namespace, name: owner.name });
      if (object?.metadata.uid !== owner.uid) continue;
      const replicas = object.spec?.replicas;
      if (replicas === undefined) return `${owner.kind} "${owner.name}" does not implement the scale subresource`;
      scales.set(owner.uid, replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  };
};
