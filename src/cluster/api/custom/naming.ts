import { approvalOf } from '../../admission/custom-resources/approval.js';
import { setCondition, type Condition } from '../../../objects/conditions.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';

/** The names that a group uses already, for resources and for kinds. */
export interface UsedNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** The status of a definition: whether its names are free, and whether it is served. */
export const definitionStatus = (
  definition: CustomResourceDefinition,
  used: UsedNames,
  now: string,
): CustomResourceDefinitionStatus => {
  const { status = {}, spec } = definition;
  const wanted = completeNames(spec.names);
  const clash = clashOf(wanted, used);
  const accepted = clash === undefined ? wanted : (status.acceptedNames ?? { plural: '', kind: '' });
  const storage = spec.versions.find((version) => version.storage)?.name ?? '';
  const stored = status.storedVersions ?? [];
  const conditions = [
    namesCondition(clash),
    ...establishedCondition(definition, clash),
    ...approvalCondition(definition),
  ];
  return {
    ...status,
    acceptedNames: accepted,
    storedVersions: stored.includes(storage) ? stored : [...stored, storage],
    conditions: conditions.reduce<readonly Condition[]>(
      (list, condition) => setCondition(list, condition, now),
      status.conditions ?? [],
    ),
  };
};

const completeNames = (names: CustomResourceDefinitionNames): CustomResourceDefinitionNames => ({
  ...names,
  singular: names.singular ?? names.kind.toLowerCase(),
  listKind: names.listKind ?? `${names.kind}List`,
});

interface Clash {
  readonly reason: string;
  readonly message: string;
}

const check = (used: ReadonlySet<string>, name: string, reason: string): Clash | undefined =>
  used.has(name) ? { reason, message: `${JSON.stringify(name)} is already in use` } : undefined;

const clashOf = (names: CustomResourceDefinitionNames, used: UsedNames): Clash | undefined => {
  // Of several, the last one is reported.
  return [
    check(used.resources, names.plural, 'PluralConflict'),
    check(used.resources, names.singular ?? '', 'SingularConflict'),
    ...(names.shortNames ?? []).map((name) => check(used.resources, name, 'ShortNamesConflict')),
    check(used.kinds, names.kind, 'KindConflict'),
    check(used.kinds, names.listKind ?? '', 'ListKindConflict'),
  ].findLast((clash) => clash !== undefined);
};

const namesCondition = (clash: Clash | undefined): Condition =>
  clash === undefined
    ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
    : { type: 'NamesAccepted', status: 'False', ...clash };

const APPROVALS = {
  missing: { status: 'False', reason: 'MissingAnnotation' },
  bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
  approved: { status: 'True', reason: 'ApprovedAnnotation' },
  invalid: { status: 'False', reason: 'InvalidAnnotation' },
} as const;

/** Of definitions in groups of the Kubernetes project. */
const approvalCondition = (definition: CustomResourceDefinition): readonly Condition[] => {
  const approval = approvalOf(definition);
  if (approval === undefined) return [];
  const { state, message } = approval;
  return [{ type: 'KubernetesAPIApprovalPolicyConformant', ...APPROVALS[state], message }];
};

/** Once established, a definition stays so: its objects must remain reachable. */
const establishedCondition = ({ status }: CustomResourceDefinition, clash: Clash | undefined): readonly Condition[] => {
  const was = status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true;
  if (was) return [];
  return clash === undefined
    ? [
        {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        },
      ]
    : [{ type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }];
};
