import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { PriorityClass } from '../../../objects/kinds/scheduling-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';
import type { Target } from '../request.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin } from './admission-plugin.js';
import { isChangedPod, isNewPod, refusedName } from './new-pod.js';

const PREFIX = '/registry/scheduling.k8s.io/priorityclasses/';

/** Pods get the number of their priority class; those without a class that of the default class, or 0. */
export const priorityAdmission = (store: Store): AdmissionPlugin => ({
  name: 'Priority',
  admit: (request) => {
    if (isNewPod(request)) return withPriority(store, request.target, request.object as Pod);
    return isChangedPod(request) ? withKeptPriority(request.object as Pod, request.oldObject as Pod) : request.object;
  },
  validate: ({ operation, target, object }) => {
    const { group, plural } = target.resource;
    if (group !== 'scheduling.k8s.io' || plural !== 'priorityclasses' || object === undefined) return;
    const present = (object as PriorityClass).globalDefault === true ? defaultClass(store) : undefined;
    if (present === undefined || (operation === 'UPDATE' && present.metadata.name === object.metadata.name)) return;
    const why = `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`;
    throw forbidden(target.resource, object.metadata.name, why);
  },
});

/** A pod that is replaced by what its author wrote keeps what was added to that when it was made. */
const withKeptPriority = (pod: Pod, { spec: old }: Pod): Pod => {
  const { priority = old.priority, preemptionPolicy = old.preemptionPolicy } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(priority === undefined ? {} : { priority }),
      ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
    },
  };
};

const withPriority = (store: Store, { resource }: Target, pod: Pod): KubeObject => {
  const { priorityClassName = '', priority, preemptionPolicy } = pod.spec;
  const chosen = priorityClassName === '' ? defaultClass(store) : namedClass(store, priorityClassName);
  if (priorityClassName !== '' && chosen === undefined) {
    throw forbidden(resource, refusedName(pod), `no PriorityClass with name ${priorityClassName} was found`);
  }
  const value = chosen?.value ?? 0;
  if (priority !== undefined && priority !== value) {
    const why = `the integer value of priority (${priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw forbidden(resource, refusedName(pod), why);
  }
  const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (preemptionPolicy !== undefined && preemptionPolicy !== policy) {
    const why = `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
    throw forbidden(resource, refusedName(pod), why);
  }
  const className = chosen === undefined ? {} : { priorityClassName: chosen.metadata.name };
  return { ...pod, spec: { ...pod.spec, ...className, priority: value, preemptionPolicy: policy } };
};

const namedClass = (store: Store, name: string): PriorityClass | undefined =>
  store.get(PREFIX + name)?.object as PriorityClass | undefined;

/** Of several defaults the lowest counts. */
const defaultClass = (store: Store): PriorityClass | undefined =>
  store
    .list(PREFIX)
    .items.map(({ object }) => object as PriorityClass)
    .filter(({ globalDefault }) => globalDefault === true)
    .toSorted((left, right) => left.value - right.value)[0];
