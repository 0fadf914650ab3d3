import type {
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../../objects/kinds/autoscaling-v2.js';

/** What was recommended and done in the past, in this process. */
export interface ScalingHistory {
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export const NO_HISTORY: ScalingHistory = { recommendations: [], changes: [] };

export interface Limited {
  readonly replicas: number;
  readonly ableToScale: { readonly reason: string; readonly message: string };
  readonly limited: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
}

const UP_POLICIES: readonly HPAScalingPolicy[] = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const DOWN_POLICIES: readonly HPAScalingPolicy[] = [{ type: 'Percent', value: 100, periodSeconds: 15 }];
const LONGEST_MS = 3_600_000;

/** The recommended number after stabilisation, rate limits and the bounds of the autoscaler. */
export const limitReplicas = (
  { spec }: HorizontalPodAutoscaler,
  current: number,
  recommended: number,
  history: ScalingHistory,
  now: number,
): Limited => {
  const min = spec.minReplicas ?? 1;
  const stable = stabilise(spec.behavior?.scaleUp, spec.behavior?.scaleDown, current, recommended, history, now);
  const [low, high] = rateLimits(spec.behavior?.scaleUp, spec.behavior?.scaleDown, current, history, now);
  const isUp = stable.replicas > current;
  const most = isUp ? Math.min(spec.maxReplicas, high) : spec.maxReplicas;
  const least = stable.replicas < current ? Math.max(min, low) : min;
  const ableToScale = stable.reason;
  if (stable.replicas > most) {
    const limited =
      most < spec.maxReplicas
        ? yes('ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate')
        : yes('TooManyReplicas', 'the desired replica count is more than the maximum replica count');
    return { replicas: most, ableToScale, limited };
  }
  if (stable.replicas < least) {
    const limited =
      least > min
        ? yes('ScaleDownLimit', 'the desired replica count is decreasing faster than the maximum scale rate')
        : yes('TooFewReplicas', 'the desired replica count is less than the minimum replica count');
    return { replicas: least, ableToScale, limited };
  }
  const message = 'the desired count is within the acceptable range';
  return {
    replicas: stable.replicas,
    ableToScale,
    limited: { status: 'False', reason: 'DesiredWithinRange', message },
  };
};

const yes = (reason: string, message: string) => ({ status: 'True' as const, reason, message });

/** Up by the lowest, down by the highest recommendation of the window: a short spike changes nothing. */
const stabilise = (
  up: HPAScalingRules | undefined,
  down: HPAScalingRules | undefined,
  current: number,
  recommended: number,
  { recommendations }: ScalingHistory,
  now: number,
) => {
  const within = (seconds: number): number[] =>
    recommendations.filter(({ at }) => at > now - seconds * 1000).map(({ replicas }) => replicas);
  const lowest = Math.min(recommended, ...within(up?.stabilizationWindowSeconds ?? 0));
  const highest = Math.max(recommended, ...within(down?.stabilizationWindowSeconds ?? 300));
  const replicas = Math.min(Math.max(current, lowest), highest);
  const message = 'recent recommendations were ';
  if (replicas === recommended)
    return { replicas, reason: { reason: 'ReadyForNewScale', message: 'recommended size matches current size' } };
  const reason =
    recommended > replicas
      ? {
          reason: 'ScaleUpStabilized',
          message: `${message}lower than current one, applying the lowest recent recommendation`,
        }
      : {
          reason: 'ScaleDownStabilized',
          message: `${message}higher than current one, applying the highest recent recommendation`,
        };
  return { replicas, reason };
};

const rateLimits = (
  up: HPAScalingRules | undefined,
  down: HPAScalingRules | undefined,
  current: number,
  { changes }: ScalingHistory,
  now: number,
): readonly [number, number] => {
  /** The size at the beginning of a policy's period. */
  const start = ({ periodSeconds }: HPAScalingPolicy, sign: 1 | -1): number =>
    changes
      .filter(({ at, by }) => at > now - periodSeconds * 1000 && Math.sign(by) === sign)
      .reduce((size, { by }) => size - by, current);
  const highs = (up?.policies ?? UP_POLICIES).map((policy) => {
    const from = start(policy, 1);
    return policy.type === 'Pods' ? from + policy.value : Math.ceil(from * (1 + policy.value / 100));
  });
  const lows = (down?.policies ?? DOWN_POLICIES).map((policy) => {
    const from = start(policy, -1);
    return policy.type === 'Pods' ? from - policy.value : Math.floor(from * (1 - policy.value / 100));
  });
  const upMost =
    up?.selectPolicy === 'Disabled' ? current : up?.selectPolicy === 'Min' ? Math.min(...highs) : Math.max(...highs);
  const downMost =
    down?.selectPolicy === 'Disabled' ? current : down?.selectPolicy === 'Min' ? Math.max(...lows) : Math.min(...lows);
  return [Math.min(current, downMost), Math.max(current, upMost)];
};

/** The history with what was recommended and done now; what no window reaches any more is forgotten. */
export const remember = (
  { recommendations, changes }: ScalingHistory,
  recommended: number,
  change: number,
  now: number,
): ScalingHistory => ({
  recommendations: [...recommendations, { at: now, replicas: recommended }].filter(({ at }) => at > now - LONGEST_MS),
  changes: (change === 0 ? changes : [...changes, { at: now, by: change }]).filter(({ at }) => at > now - LONGEST_MS),
});
