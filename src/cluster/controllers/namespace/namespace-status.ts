import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { NamespaceCondition, NamespaceStatus } from '../../../objects/kinds/core-v1.js';

/** What is left in a namespace that is being deleted. */
export interface Remaining {
  /** Number of objects by `resource.group`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Number of objects by finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** Why the served resources could not all be found. */
  readonly discoveryError?: string;
  /** Why something could not be deleted. */
  readonly contentErrors: readonly string[];
}

/** The conditions of a namespace that is being deleted: why it is still there. */
export const namespaceStatus = (
  status: NamespaceStatus | undefined,
  remaining: Remaining,
  now: number,
): NamespaceStatus => {
  const time = timestamp(now);
  const conditions = conditionsOf(remaining).reduce<readonly NamespaceCondition[]>(
    (list, condition) => setCondition(list, condition, time),
    status?.conditions ?? [],
  );
  return { ...status, phase: 'Terminating', conditions };
};

const conditionsOf = (remaining: Remaining): readonly NamespaceCondition[] => {
  const { counts, finalizers, discoveryError, contentErrors } = remaining;
  const resources = sorted(counts).map(([resource, count]) => `${resource} has ${count} resource instances`);
  const holders = sorted(finalizers).map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      discoveryError !== undefined,
      ['DiscoveryFailed', discoveryError ?? ''],
      ['ResourcesDiscovered', 'All resources successfully discovered'],
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      ['GroupVersionParsingFailed', ''],
      ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ),
    condition(
      'NamespaceDeletionContentFailure',
      contentErrors.length > 0,
      [
        'ContentDeletionFailed',
        `Failed to delete all resource types, ${contentErrors.length} remaining: ${contentErrors.join(', ')}`,
      ],
      ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    ),
    condition(
      'NamespaceContentRemaining',
      resources.length > 0,
      ['SomeResourcesRemain', `Some resources are remaining: ${resources.join(', ')}`],
      ['ContentRemoved', 'All content successfully removed'],
    ),
    condition(
      'NamespaceFinalizersRemaining',
      holders.length > 0,
      ['SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${holders.join(', ')}`],
      ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    ),
  ];
};

type Words = readonly [reason: string, message: string];

const condition = (type: string, holds: boolean, yes: Words, no: Words): NamespaceCondition => {
  const [reason, message] = holds ? yes : no;
  return { type, status: holds ? 'True' : 'False', reason, message };
};

const sorted = (map: ReadonlyMap<string, number>): [string, number][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
