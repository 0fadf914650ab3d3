import type { Pod, Toleration } from '../../../objects/kinds/core-v1.js';
import type { AdmissionPlugin } from './admission-plugin.js';
import { isChangedPod, isNewPod } from './new-pod.js';

/** How long a pod stays on a node that is in trouble, when it does not say. */
const SECONDS = 300;
const TROUBLES = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

const covers = ({ key = '', effect = '' }: Toleration, trouble: string): boolean =>
  (key === '' || key === trouble) && (effect === '' || effect === 'NoExecute');

/** Pods tolerate a node that is not ready for five minutes. */
export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit: (request) => {
    if (!isNewPod(request) && !isChangedPod(request)) return request.object;
    const pod = request.object as Pod;
    const own = pod.spec.tolerations ?? [];
    const missing = TROUBLES.filter((trouble) => !own.some((toleration) => covers(toleration, trouble)));
    const added = missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: SECONDS,
    }));
    return added.length === 0 ? pod : { ...pod, spec: { ...pod.spec, tolerations: [...own, ...added] } };
  },
};
