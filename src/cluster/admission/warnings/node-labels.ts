import type { NodeSelectorTerm } from '../../../objects/kinds/core-v1.js';
import { validLabelValue } from '../../../objects/names.js';

/** Labels of nodes that have better ones by now. */
const DEPRECATED: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

export const deprecatedNodeLabel = (label: string): string | undefined =>
  Object.hasOwn(DEPRECATED, label) ? DEPRECATED[label] : undefined;

export const termWarnings = (
  field: string,
  { matchExpressions = [] }: NodeSelectorTerm,
  checksValues: boolean,
): readonly string[] =>
  matchExpressions.flatMap(({ key, values = [] }, index) => {
    const path = `${field}.matchExpressions[${index}]`;
    const message = deprecatedNodeLabel(key);
    const wrong = checksValues ? values : [];
    return [
      ...(message === undefined ? [] : [`${path}.key: ${key} is ${message}`]),
      ...wrong.flatMap((value, at) =>
        validLabelValue(value).map((why) => `${path}.values[${at}]: ${value} is invalid, ${why}`),
      ),
    ];
  });
