import assert from 'node:assert/strict';
import type { Target } from '../../../../src/cluster/controllers/horizontal-autoscaler/replica-calculator.js';
import { neededReplicas } from '../../../../src/cluster/controllers/horizontal-autoscaler/replica-calculator.js';
import {
  limitReplicas,
  NO_HISTORY,
  remember,
} from '../../../../src/cluster/controllers/horizontal-autoscaler/scaling-behavior.js';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
} from '../../../../src/objects/kinds/autoscaling-v2.js';
import type { Pod } from '../../../../src/objects/kinds/core-v1.js';

const pods = (count: number, prefix: string): Pod[] =>
  Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${prefix}${index}` },
    spec: { containers: [] },
  }));
const utilization = (percent: number): Target => ({ type: 'utilization', percent, requestOf: () => 1000 });
const needed = (
  current: number,
  values: readonly number[],
  target: Target,
  more: { missing?: number; unready?: number } = {},
): number => {
  const ready = pods(values.length, 'r');
  const measured = new Map(
    ready.map((pod, index) => [pod.metadata.name, { milli: values[index] ?? 0, at: 0, windowMs: 0 }]),
  );
  const groups = { ready, missing: pods(more.missing ?? 0, 'm'), unready: pods(more.unready ?? 0, 'u') };
  return neededReplicas(current, groups, measured, target, { up: 0.1, down: 0.1 });
};

describe('neededReplicas', () => {
  // Cases of Kubernetes' replica calculator, in thousandths of a core.
  it('scales up and down in proportion, rounding up', () => {
    assert.equal(needed(3, [300, 500, 700], utilization(30)), 5);
    assert.equal(needed(5, [100, 300, 500, 250, 250], utilization(50)), 3);
    assert.equal(needed(3, [1000, 1000, 1000], { type: 'average', milli: 500 }), 6);
  });

  it('leaves a difference of a tenth alone', () => {
    assert.equal(needed(3, [1010, 1030, 1020], utilization(100)), 3);
  });

  it('takes pods that are not ready for idle when more are needed', () => {
    assert.equal(needed(3, [500, 700], utilization(30), { unready: 1 }), 4);
    assert.equal(needed(3, [1000], utilization(30), { unready: 2 }), 3);
  });

  it('takes pods without a value for busy when fewer are needed, for idle when more are', () => {
    assert.equal(needed(4, [100, 300, 250], utilization(50), { missing: 1 }), 4);
    assert.equal(needed(3, [1000, 1000], utilization(50), { missing: 1 }), 4);
  });
});

const autoscaler = (behavior: HorizontalPodAutoscalerBehavior = {}): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 2, maxReplicas: 20, behavior },
});
const limited = (current: number, recommended: number, history = NO_HISTORY, behavior = {}, now = 1_000_000) => {
  const { replicas, limited, ableToScale } = limitReplicas(autoscaler(behavior), current, recommended, history, now);
  return `${replicas} ${limited.reason} ${ableToScale.reason}`;
};

describe('limitReplicas', () => {
  it('keeps within the bounds', () => {
    assert.equal(limited(18, 50), '20 TooManyReplicas ReadyForNewScale');
    assert.equal(limited(3, 1), '2 TooFewReplicas ReadyForNewScale');
  });

  it('at most doubles, or adds four, every fifteen seconds', () => {
    assert.equal(limited(6, 20), '12 ScaleUpLimit ReadyForNewScale');
    assert.equal(limited(2, 20), '6 ScaleUpLimit ReadyForNewScale');
    const history = remember(NO_HISTORY, 6, 4, 995_000);
    assert.equal(limited(6, 20, history), '6 ScaleUpLimit ReadyForNewScale');
  });

  it('shrinks only to the highest recommendation of five minutes', () => {
    const history = remember(remember(NO_HISTORY, 8, 0, 800_000), 5, 0, 900_000);
    assert.equal(limited(10, 3, history), '8 DesiredWithinRange ScaleDownStabilized');
    assert.equal(
      limited(10, 3, history, { scaleDown: { stabilizationWindowSeconds: 0 } }),
      '3 DesiredWithinRange ReadyForNewScale',
    );
  });

  it('follows policies, and does not shrink where that is disabled', () => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 60 }];
    const scaleDown = { stabilizationWindowSeconds: 0, policies };
    assert.equal(limited(10, 3, NO_HISTORY, { scaleDown }), '9 ScaleDownLimit ReadyForNewScale');
    assert.equal(
      limited(10, 3, NO_HISTORY, { scaleDown: { ...scaleDown, selectPolicy: 'Disabled' } }),
      '10 ScaleDownLimit ReadyForNewScale',
    );
  });
});
