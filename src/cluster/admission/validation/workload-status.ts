import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../../objects/kinds/apps-v1.js';
import { invalid, type FieldError } from '../field-errors.js';
import { nonNegative } from './rules.js';

/** What a status of a workload may not say: numbers below zero, and more of a part than there is of the whole. */
type Counts = Readonly<Record<string, number | undefined>>;

const notNegative = (status: object | undefined, names: readonly string[]): FieldError[] =>
  names.flatMap((name) => nonNegative(`status.${name}`, (status as Counts | undefined)?.[name]));

const notMoreThan = (
  status: object | undefined,
  names: readonly string[],
  whole: string,
  called = `status.${whole}`,
): FieldError[] => {
  const counts = (status ?? {}) as Counts;
  return names.flatMap((name) =>
    (counts[name] ?? 0) > (counts[whole] ?? 0)
      ? [invalid(`status.${name}`, counts[name], `cannot be greater than ${called}`)]
      : [],
  );
};

interface WithCollisions {
  readonly status?: { readonly collisionCount?: number };
}

const collisionsStay = ({ status }: WithCollisions, { status: old }: WithCollisions): FieldError[] =>
  old?.collisionCount !== undefined && (status?.collisionCount ?? -1) < old.collisionCount
    ? [invalid('status.collisionCount', status?.collisionCount ?? 0, 'cannot be decremented')]
    : [];

export const validateDeploymentStatus = (deployment: Deployment, old: Deployment): FieldError[] => {
  const { status } = deployment;
  return [
    ...notNegative(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...notMoreThan(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'replicas'),
    ...notMoreThan(status, ['availableReplicas'], 'readyReplicas', 'readyReplicas'),
    ...collisionsStay(deployment, old),
  ];
};

export const validateReplicaSetStatus = ({ status }: ReplicaSet): FieldError[] => [
  ...notNegative(status, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ]),
  ...notMoreThan(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas'),
  ...notMoreThan(status, ['availableReplicas'], 'readyReplicas', 'readyReplicas'),
];

export const validateDaemonSetStatus = (daemonSet: DaemonSet, old: DaemonSet): FieldError[] => [
  ...notNegative(daemonSet.status, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ]),
  ...collisionsStay(daemonSet, old),
];

export const validateStatefulSetStatus = (statefulSet: StatefulSet, old: StatefulSet): FieldError[] => {
  const { status } = statefulSet;
  return [
    ...notNegative(status, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
    ...notMoreThan(status, ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], 'replicas'),
    ...notMoreThan(status, ['availableReplicas'], 'readyReplicas'),
    ...collisionsStay(statefulSet, old),
  ];
};
