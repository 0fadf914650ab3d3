import type { Pod, Toleration } from '../../../objects/kinds/core-v1.js';
import type { RuntimeClass } from '../../../objects/kinds/node-k8s-io-v1.js';
import { compareQuantities, parseQuantity, type ResourceList } from '../../../objects/quantity.js';
import { jsonEquals } from '../../../objects/json.js';
import type { Store } from '../../store/store.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';
import { isNewPod, refusedName } from './new-pod.js';

/** Pods take the overhead and the places of their runtime class, and no overhead of their own. */
export const runtimeClassAdmission = (store: Store): AdmissionPlugin => ({
  name: 'RuntimeClass',
  admit: (request) => {
    if (!isNewPod(request)) return request.object;
    const pod = request.object as Pod;
    const chosen = classOf(store, request, pod);
    if (chosen === undefined) return pod;
    return withPlaces(request, withOverhead(request, pod, chosen), chosen);
  },
  validate: (request) => {
    if (!isNewPod(request)) return;
    const pod = request.object as Pod;
    const overhead = classOf(store, request, pod)?.overhead;
    if (overhead !== undefined) checkOverhead(request, pod, overhead.podFixed);
    else if (pod.spec.overhead !== undefined) {
      throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  },
});

const refuse = ({ target, object }: AdmissionRequest, why: string) =>
  forbidden(target.resource, refusedName(object), why);

const classOf = (store: Store, request: AdmissionRequest, { spec }: Pod): RuntimeClass | undefined => {
  const name = spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = store.get(`/registry/node.k8s.io/runtimeclasses/${name}`)?.object as RuntimeClass | undefined;
  if (found === undefined) throw refuse(request, `pod rejected: RuntimeClass "${name}" not found`);
  return found;
};

const withOverhead = (request: AdmissionRequest, pod: Pod, { overhead }: RuntimeClass): Pod => {
  if (overhead === undefined) return pod;
  if (Object.keys(pod.spec.overhead ?? {}).length > 0) checkOverhead(request, pod, overhead.podFixed);
  const { overhead: _own, ...spec } = pod.spec;
  return { ...pod, spec: { ...spec, ...(overhead.podFixed === undefined ? {} : { overhead: overhead.podFixed }) } };
};

const checkOverhead = (request: AdmissionRequest, { spec }: Pod, fixed: ResourceList = {}): void => {
  const own: ResourceList = spec.overhead ?? {};
  const names = [...new Set([...Object.keys(own), ...Object.keys(fixed)])];
  if (names.every((name) => sameAmount(own[name], fixed[name]))) return;
  throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
};

const sameAmount = (left: string | number | undefined, right: string | number | undefined): boolean =>
  left !== undefined && right !== undefined && compareQuantities(parseQuantity(left), parseQuantity(right)) === 0;

const withPlaces = (request: AdmissionRequest, pod: Pod, { scheduling }: RuntimeClass): Pod => {
  if (scheduling === undefined) return pod;
  const { nodeSelector: own, tolerations = [] } = pod.spec;
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    if (own?.[key] === undefined || own[key] === value) continue;
    const conflict = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`;
    throw refuse(request, `conflict: ${conflict}`);
  }
  const nodeSelector = { ...own, ...scheduling.nodeSelector };
  const merged = mergedTolerations([...tolerations, ...(scheduling.tolerations ?? [])]);
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
      ...(merged.length === 0 ? {} : { tolerations: merged }),
    },
  };
};

/** Without those that others include. */
const mergedTolerations = (all: readonly Toleration[]): readonly Toleration[] => {
  const merged: Toleration[] = [];
  for (const [index, each] of all.entries()) {
    const isRedundant =
      merged.some((other) => includes(other, each)) ||
      all.slice(index + 1).some((other) => !jsonEquals(other, each) && includes(other, each));
    if (!isRedundant) merged.push(each);
  }
  return merged;
};

/** True when `wide` tolerates whatever `narrow` does. */
const includes = (wide: Toleration, narrow: Toleration): boolean => {
  if (jsonEquals(wide, narrow)) return true;
  const { key = '', operator = 'Equal', effect = '', value = '', tolerationSeconds } = wide;
  if ((narrow.key ?? '') !== key && (key !== '' || operator !== 'Exists')) return false;
  if ((narrow.effect ?? '') !== effect && effect !== '') return false;
  const isLonger = narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > (tolerationSeconds ?? 0);
  if (effect === 'NoExecute' && tolerationSeconds !== undefined && isLonger) return false;
  return (
    operator === 'Exists' || (operator === 'Equal' && narrow.operator === 'Equal' && (narrow.value ?? '') === value)
  );
};
