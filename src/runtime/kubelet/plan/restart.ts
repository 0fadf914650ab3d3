import type { ContainerRestartRule, Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus } from '../../containers/container-runtime.js';
import { backoffOf } from './observed-pod.js';
import type { PodContainer } from './pod-containers.js';

export const FIRST_BACKOFF_MS = 10_000;
export const MAX_BACKOFF_MS = 300_000;

/** A container that ran for this long has recovered: its next end starts from no backoff again. */
const RECOVERED_AFTER_MS = 2 * MAX_BACKOFF_MS;

const ruleMatches = (rule: ContainerRestartRule, exitCode: number): boolean => {
  const values = rule.exitCodes?.values ?? [];
  if (rule.exitCodes?.operator === 'In') return values.includes(exitCode);
  return rule.exitCodes?.operator === 'NotIn' && !values.includes(exitCode);
};

/** The policy that holds for one container: its own where it has one, else the pod's. */
export const restartPolicyOf = (pod: Pod, container: PodContainer): string => {
  if (container.role === 'ephemeral') return 'Never';
  const own = container.spec.restartPolicy;
  if (own !== undefined) return own;
  const ofPod = pod.spec.restartPolicy ?? 'Always';
  // An init container that succeeded is done, whatever the policy of the pod.
  return container.role === 'init' && ofPod === 'Always' ? 'OnFailure' : ofPod;
};

/** Whether a container that ended with this exit code is started again. */
export const isRestarted = (pod: Pod, container: PodContainer, exitCode: number): boolean => {
  const rule = (container.spec.restartPolicyRules ?? []).find((candidate) => ruleMatches(candidate, exitCode));
  if (rule?.action === 'Restart') return true;
  const policy = restartPolicyOf(pod, container);
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
};

export interface Backoff {
  /** When the container may be started. */
  readonly readyAt: number;
  /** The delay that holds now, for messages. */
  readonly delayMs: number;
  /** The delay to remember on the next run. */
  readonly nextDelayMs: number;
}

/**
 * How long an ended container waits for its restart: not at all the first time, then 10 s, doubled up to 300 s, and
 * from the beginning once it has run for 10 minutes. The delay is remembered on the container itself, so that a
 * restart of the kubelet changes nothing.
 */
export const restartBackoff = (run: ContainerStatus, now: number): Backoff => {
  const delayMs = backoffOf(run);
  const endedAt = run.finishedAt ?? now;
  const recovered = endedAt - (run.startedAt ?? run.createdAt) > RECOVERED_AFTER_MS;
  // It seems to end in the future: the clock was set back, so how long it has waited is not known.
  const clockMoved = endedAt > now + 1000;
  if (delayMs === 0 || recovered || clockMoved) return { readyAt: now, delayMs: 0, nextDelayMs: FIRST_BACKOFF_MS };
  return { readyAt: endedAt + delayMs, delayMs, nextDelayMs: Math.min(delayMs * 2, MAX_BACKOFF_MS) };
};
