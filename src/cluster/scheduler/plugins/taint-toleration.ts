import type { Taint, Toleration } from '../../../objects/kinds/core-v1.js';
import type { SchedulingPlugin } from '../plugin.js';
import { normalizeToBest } from '../plugin.js';

/** Whether a toleration covers a taint: an empty key with Exists covers all, an empty effect every effect. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean => {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  const key = toleration.key ?? '';
  if (key !== '' && key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return key !== '' && (toleration.value ?? '') === (taint.value ?? '');
};

const isTolerated = (taint: Taint, tolerations: readonly Toleration[]): boolean =>
  tolerations.some((toleration) => tolerates(toleration, taint));

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Taints that repel, and cordoned nodes; fewer taints of effect PreferNoSchedule score higher. */
export const taintToleration: SchedulingPlugin = {
  name: 'TaintToleration',
  weight: 3,
  prepare: ({ pod }) => {
    const tolerations = pod.spec.tolerations ?? [];
    const soft = tolerations.filter(
      ({ effect }) => effect === undefined || effect === '' || effect === 'PreferNoSchedule',
    );
    return {
      filter: ({ node }) => {
        if (node.spec?.unschedulable === true && !isTolerated(UNSCHEDULABLE, tolerations)) {
          return ['node(s) were unschedulable'];
        }
        const taint = (node.spec?.taints ?? []).find(
          (candidate) =>
            (candidate.effect === 'NoSchedule' || candidate.effect === 'NoExecute') &&
            !isTolerated(candidate, tolerations),
        );
        return taint === undefined ? undefined : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
      },
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, soft))
          .length,
      normalize: (scores) => normalizeToBest(scores, true),
    };
  },
};
