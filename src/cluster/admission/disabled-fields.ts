import { isRecord } from '../../objects/json.js';
import type { KubeObject } from '../../objects/object.js';

/** Of pods, and of templates of pods below `path`. */
const inPods = (...path: readonly string[]): readonly (readonly string[])[] => [
  ...['containers', 'initContainers', 'ephemeralContainers'].map((list) => [
    ...path,
    list,
    '*',
    'lifecycle',
    'stopSignal',
  ]),
  ...['clusterTrustBundle', 'podCertificate'].map((source) => [
    ...path,
    'volumes',
    '*',
    'projected',
    'sources',
    '*',
    source,
  ]),
  [...path, 'workloadRef'],
];
const IN_TEMPLATES = inPods('spec', 'template', 'spec');

const IN_POD_STATUS = [
  ['status', 'resources'],
  ['status', 'allocatedResources'],
  ['status', 'extendedResourceClaimStatus'],
  ...['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].map((list) => [
    'status',
    list,
    '*',
    'allocatedResourcesStatus',
  ]),
];

/** Of claims to devices, below `path`. */
const inClaims = (...path: readonly string[]): readonly (readonly string[])[] => [
  ...[['exactly'], ['firstAvailable', '*']].flatMap((request) =>
    ['tolerations', 'capacity'].map((name) => [...path, 'devices', 'requests', '*', ...request, name]),
  ),
  [...path, 'devices', 'constraints', '*', 'distinctAttribute'],
];
const OF_DEVICES = [
  'taints',
  'bindingConditions',
  'bindingFailureConditions',
  'bindsToNode',
  'allowMultipleAllocations',
  'consumesCounters',
  'nodeName',
  'nodeSelector',
  'allNodes',
].map((name) => ['spec', 'devices', '*', name]);

/**
 * Fields of features that are off in Kubernetes 1.35: what asks for them is passed over, unless the object has them
 * from before. By kind, the names on the way; `*` stands for each element of a list.
 */
const DISABLED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'coordination.k8s.io/v1/Lease': [
    ['spec', 'strategy'],
    ['spec', 'preferredHolder'],
  ],
  'discovery.k8s.io/v1/EndpointSlice': [['endpoints', '*', 'deprecatedTopology']],
  'resource.k8s.io/v1/DeviceClass': [['spec', 'extendedResourceName']],
  'resource.k8s.io/v1/ResourceClaim': inClaims('spec'),
  'resource.k8s.io/v1/ResourceClaimTemplate': inClaims('spec', 'spec'),
  'resource.k8s.io/v1/ResourceSlice': [['spec', 'sharedCounters'], ['spec', 'perDeviceNodeSelection'], ...OF_DEVICES],
  'v1/Node': [
    ['spec', 'configSource'],
    ['status', 'config'],
    ['status', 'declaredFeatures'],
  ],
  'v1/Pod': [...inPods('spec'), ...IN_POD_STATUS],
  'v1/PodTemplate': inPods('template', 'spec'),
  'v1/ReplicationController': IN_TEMPLATES,
  'apps/v1/DaemonSet': IN_TEMPLATES,
  'apps/v1/Deployment': IN_TEMPLATES,
  'apps/v1/ReplicaSet': IN_TEMPLATES,
  'apps/v1/StatefulSet': [['spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable'], ...IN_TEMPLATES],
  'batch/v1/Job': IN_TEMPLATES,
  'batch/v1/CronJob': inPods('spec', 'jobTemplate', 'spec', 'template', 'spec'),
};

const without = (value: unknown, [name = '', ...rest]: readonly string[]): unknown => {
  if (name === '*') return Array.isArray(value) ? value.map((element) => without(element, rest)) : value;
  if (!isRecord(value) || value[name] === undefined) return value;
  if (rest.length > 0) {
    const kept = without(value[name], rest);
    if (kept !== undefined) return { ...value, [name]: kept };
    const { [name]: _empty, ...others } = value;
    return others;
  }
  const { [name]: _dropped, ...others } = value;
  // A lifecycle that asked for nothing else is none.
  return name === 'stopSignal' && Object.keys(others).length === 0 ? undefined : others;
};

const has = (value: unknown, [name, ...rest]: readonly string[]): boolean => {
  if (name === undefined) return value !== undefined && value !== null;
  if (name === '*') return Array.isArray(value) && value.some((element) => has(element, rest));
  return isRecord(value) && has(value[name], rest);
};

/** The object as far as features that are on go. `old` is what it was, undefined for a new one. */
export const withoutDisabledFields = (object: KubeObject, old?: KubeObject): KubeObject => {
  const paths = DISABLED[`${object.apiVersion}/${object.kind}`];
  if (paths === undefined) return object;
  return paths
    .filter((names) => has(object, names) && !has(old, names))
    .reduce<unknown>((kept, names) => without(kept, names), object) as KubeObject;
};
