import type { PodFailurePolicy, PodFailurePolicyRule } from '../../../objects/kinds/batch-v1.js';
import type { ContainerStatus, Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf, keyText } from '../../../objects/object.js';

export type FailureAction = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';

export interface FailureMatch {
  readonly action: FailureAction;
  readonly message: string;
}

const COUNT: FailureMatch = { action: 'Count', message: '' };

/** What the policy says about a failed pod: the first rule that matches, else the failure counts. */
export const matchPodFailure = (policy: PodFailurePolicy | undefined, pod: Pod): FailureMatch => {
  if (policy === undefined || pod.status?.phase !== 'Failed') return COUNT;
  for (const [number, rule] of policy.rules.entries()) {
    const message = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (message === undefined) continue;
    return { action: actionOf(rule.action), message: `${message} matching ${rule.action} rule at index ${number}` };
  }
  return COUNT;
};

const actionOf = (action: string): FailureAction =>
  action === 'FailJob' || action === 'FailIndex' || action === 'Ignore' ? action : 'Count';

const matchExitCodes = ({ onExitCodes }: PodFailurePolicyRule, pod: Pod): string | undefined => {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const matches = ({ name, state }: ContainerStatus): boolean => {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0 || (containerName !== undefined && containerName !== name)) return false;
    return values.includes(code) === (operator === 'In');
  };
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const found = statuses.find(matches);
  if (found === undefined) return undefined;
  return `Container ${found.name} for pod ${keyText(keyOf(pod))} failed with exit code ${found.state?.terminated?.exitCode}`;
};

const matchConditions = ({ onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined => {
  const found = (onPodConditions ?? []).find((pattern) =>
    pod.status?.conditions?.some(({ type, status }) => type === pattern.type && status === (pattern.status ?? 'True')),
  );
  return found === undefined ? undefined : `Pod ${keyText(keyOf(pod))} has condition ${found.type}`;
};
