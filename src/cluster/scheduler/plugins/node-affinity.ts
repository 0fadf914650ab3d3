import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../../../objects/kinds/core-v1.js';
import type { SchedulingPlugin } from '../plugin.js';
import { normalizeToBest } from '../plugin.js';

/** Whether the node has what `spec.nodeSelector` and the required node affinity ask for. */
export const matchesNodeSelection = (pod: Pod, node: Node): boolean => {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return selected && (required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)));
};

/** All expressions of a term must hold; a term without any matches nothing. */
const matchesTerm = (term: NodeSelectorTerm, node: Node): boolean => {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((requirement) => holds(requirement, labels[requirement.key])) &&
    fields.every((requirement) =>
      holds(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined),
    )
  );
};

const holds = ({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean => {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return compares(actual, values, (left, right) => left > right);
    case 'Lt':
      return compares(actual, values, (left, right) => left < right);
    default:
      return false;
  }
};

const compares = (
  actual: string | undefined,
  values: readonly string[],
  holdsFor: (left: bigint, right: bigint) => boolean,
): boolean => {
  const [wanted] = values;
  if (actual === undefined || wanted === undefined) return false;
  if (!INTEGER.test(actual) || !INTEGER.test(wanted)) return false;
  return holdsFor(BigInt(actual), BigInt(wanted));
};

const INTEGER = /^-?\d+$/;

export const nodeAffinity: SchedulingPlugin = {
  name: 'NodeAffinity',
  weight: 2,
  prepare: ({ pod }) => {
    const affinity = pod.spec.affinity?.nodeAffinity;
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const constrained =
      pod.spec.nodeSelector !== undefined || affinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
    return {
      ...(constrained && {
        filter: ({ node }) =>
          matchesNodeSelection(pod, node) ? undefined : ["node(s) didn't match Pod's node affinity/selector"],
      }),
      ...(preferred.length > 0 && {
        score: ({ node }) =>
          preferred.reduce((total, { weight, preference }) => total + (matchesTerm(preference, node) ? weight : 0), 0),
        normalize: (scores: number[]) => normalizeToBest(scores, false),
      }),
    };
  },
};
