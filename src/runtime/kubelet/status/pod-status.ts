import type { PodStatus } from '../../../objects/kinds/core-v1.js';
import { readySandbox } from '../plan/observed-pod.js';
import { timestamp } from '../../../objects/conditions.js';
import { podConditions } from './conditions.js';
import type { ContainerStatusInput } from './container-statuses.js';
import { containerStatuses } from './container-statuses.js';
import type { PodPhase } from './pod-phase.js';
import { podPhase } from './pod-phase.js';
import { qosClass } from './qos-class.js';

export interface PodStatusInput extends ContainerStatusInput {
  readonly hostIps: readonly string[];
  readonly now: number;
  /** Why the kubelet ended the pod: `DeadlineExceeded`, `Evicted`. Makes the phase Failed. */
  readonly failure?: { readonly reason: string; readonly message: string };
}

/** The status of a pod as it is now. Depends on its last status only for times and for what the runtime has forgotten. */
export const podStatus = (input: PodStatusInput): PodStatus => {
  const { pod } = input;
  const last = pod.status;
  const statuses = containerStatuses(input);
  const phase = phaseOf(input, podPhase(pod, statuses, input.ended));
  const now = timestamp(input.now);
  const sandbox = readySandbox(input.observed);
  const ips = podIps(input, sandbox?.ip);
  const [hostIp] = input.hostIps;
  const reason = input.failure?.reason ?? (phase === last?.phase && phase === 'Failed' ? last.reason : undefined);
  const message = input.failure?.message ?? (phase === last?.phase && phase === 'Failed' ? last.message : undefined);
  const { generation } = pod.metadata;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions({ pod, statuses, phase, sandboxReady: sandbox !== undefined, now }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(last?.nominatedNodeName === undefined ? {} : { nominatedNodeName: last.nominatedNodeName }),
    ...(hostIp === undefined ? {} : { hostIP: hostIp, hostIPs: input.hostIps.map((ip) => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: last?.startTime ?? now,
    ...(statuses.init.length === 0 ? {} : { initContainerStatuses: statuses.init }),
    containerStatuses: statuses.main,
    qosClass: last?.qosClass ?? qosClass(pod),
    ...(statuses.ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: statuses.ephemeral }),
    ...(last?.resourceClaimStatuses === undefined ? {} : { resourceClaimStatuses: last.resourceClaimStatuses }),
  };
};

/** A pod that succeeded or failed stays so. */
const phaseOf = (input: PodStatusInput, phase: PodPhase): PodPhase => {
  const last = input.pod.status?.phase;
  if (last === 'Failed' || last === 'Succeeded') return last;
  return input.failure === undefined ? phase : 'Failed';
};

/** The address stays in the status after the sandbox is gone, as long as no other took its place. */
const podIps = (input: PodStatusInput, sandboxIp: string | undefined): readonly string[] => {
  if (input.pod.spec.hostNetwork === true) return input.observed.sandboxes.length > 0 ? input.hostIps : [];
  if (sandboxIp !== undefined) return [sandboxIp];
  return (input.pod.status?.podIPs ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
};
