import type { Container, Pod } from '../../../objects/kinds/core-v1.js';
import { milliValue, parseQuantity, wholeValue } from '../../../objects/quantity.js';
import type { ContainerResources } from '../../containers/container-runtime.js';
import { qosClass } from '../status/qos-class.js';

const PERIOD_MICROSECONDS = 100_000;
const LEAST_QUOTA = 1000;
const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;

/** cgroup settings from requests and limits, with the formulas of Kubernetes. */
export const containerResources = (pod: Pod, container: Container, nodeMemoryBytes: number): ContainerResources => {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuLimit = limits['cpu'] === undefined ? 0 : milliValue(parseQuantity(limits['cpu']));
  const cpuRequest = requests['cpu'] === undefined ? cpuLimit : milliValue(parseQuantity(requests['cpu']));
  const memory = limits['memory'] === undefined ? 0 : wholeValue(parseQuantity(limits['memory']));
  return {
    cpuShares: cpuShares(cpuRequest),
    ...(cpuLimit > 0
      ? { cpuQuota: Math.max(LEAST_QUOTA, (cpuLimit * PERIOD_MICROSECONDS) / 1000), cpuPeriod: PERIOD_MICROSECONDS }
      : {}),
    ...(memory > 0 ? { memory } : {}),
    oomScoreAdj: oomScoreAdjustment(pod, container, nodeMemoryBytes),
  };
};

const cpuShares = (milli: number): number =>
  Math.min(MOST_SHARES, Math.max(LEAST_SHARES, Math.floor((milli * 1024) / 1000)));

/** Who is killed first when memory runs out: the lower, the later. */
const oomScoreAdjustment = (pod: Pod, container: Container, nodeMemoryBytes: number): number => {
  const quality = qosClass(pod);
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return -997;
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const { limits, requests } = container.resources ?? {};
  const memory = requests?.['memory'] ?? limits?.['memory'];
  const requested = memory === undefined ? 0 : wholeValue(parseQuantity(memory));
  const adjustment = 1000 - Math.floor((1000 * requested) / nodeMemoryBytes);
  return Math.min(999, Math.max(3, adjustment));
};
