import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  pathSegmentName,
  type NameRule,
} from '../../../objects/names.js';
import { resourceOfKind } from '../../../objects/schema/resource-table.js';
import type { FieldError } from '../field-errors.js';
import * as access from './access.js';
import {
  validatePolicy,
  validatePolicyBinding,
  validatePolicyStatus,
  validatePolicyUpdate,
} from './admission-policies.js';
import * as addressRanges from './address-ranges.js';
import { validateApiService } from './api-services.js';
import * as autoscalers from './autoscalers.js';
import * as certificates from './certificates.js';
import * as configData from './config-data.js';
import * as claims from './claim-updates.js';
import * as coreStatus from './core-status.js';
import { validateCronJob, validateCronJobUpdate } from './cron-jobs.js';
import * as definitions from './definitions.js';
import * as devices from './devices.js';
import { validateEndpoints, validateEndpointsUpdate } from './endpoints.js';
import { validateEndpointSlice, validateEndpointSliceUpdate } from './endpoint-slices.js';
import * as events from './events.js';
import * as extensions from './extensions.js';
import { validateFlowSchema, validatePriorityLevel } from './flow-control.js';
import { validateJobStatus } from './job-status.js';
import * as jobs from './jobs.js';
import {
  validateFinalizerNames,
  validateMetadata,
  validateMetadataUpdate,
  validateWrittenMetadata,
} from './metadata.js';
import { validateNamespace, validateNamespacePart } from './namespaces.js';
import * as networking from './networking.js';
import { validateEphemeralUpdate, validatePod, validatePodUpdate } from './pod.js';
import { validatePodResize } from './pod-resize.js';
import { validateNode, validateNodeUpdate } from './nodes.js';
import * as persistentVolumes from './persistent-volumes.js';
import * as policies from './policies.js';
import * as quotas from './quotas.js';
import * as service from './service.js';
import { validateStatefulSet, validateStatefulSetUpdate } from './stateful-set.js';
import * as storage from './storage.js';
import * as status from './workload-status.js';
import * as workloads from './workloads.js';

interface KindRules {
  /** The rule for names; default: a DNS subdomain. */
  readonly name?: NameRule;
  /** What a new object must be, and an updated one where `update` is not given. */
  readonly create?: (object: never) => FieldError[];
  /** What an update must be, with all that `create` asks. */
  readonly update?: (object: never, old: never) => FieldError[];
  /** What an update through a subresource must be; default: nothing but its metadata is checked. */
  readonly part?: (object: never, old: never, subresource: string) => FieldError[];
}

/** Other parts of pods have rules of their own. */
const podPart = (pod: Pod, old: Pod, subresource: string): FieldError[] =>
  subresource === 'status' ? coreStatus.validatePodStatus(pod, old) : [];

/** The rules of each kind; a kind that is not here has those of its metadata alone. */
const RULES: Readonly<Record<string, KindRules>> = {
  'v1/ConfigMap': { create: configData.validateConfigMap, update: configData.validateConfigMapUpdate },
  'v1/Endpoints': { create: validateEndpoints, update: validateEndpointsUpdate },
  'v1/Event': { name: pathSegmentName, create: events.validateEvent },
  'v1/LimitRange': { create: quotas.validateLimitRange },
  'v1/Namespace': { name: dns1123Label, create: validateNamespace, part: validateNamespacePart },
  'v1/Node': { create: validateNode, update: validateNodeUpdate, part: coreStatus.validateNodeStatus },
  'v1/PersistentVolume': { create: persistentVolumes.validateVolume, update: persistentVolumes.validateVolumeUpdate },
  'v1/PersistentVolumeClaim': {
    create: claims.validateClaim,
    update: claims.validateClaimUpdate,
    part: claims.validateClaimStatus,
  },
  'v1/Pod': { create: validatePod, update: validatePodUpdate, part: podPart },
  'v1/PodTemplate': { create: workloads.validatePodTemplateObject, update: workloads.validatePodTemplateUpdate },
  'v1/ReplicationController': {
    create: workloads.validateReplicationController,
    update: workloads.validateReplicationControllerUpdate,
    part: coreStatus.validateReplicationStatus,
  },
  'v1/ResourceQuota': {
    create: quotas.validateResourceQuota,
    update: quotas.validateResourceQuotaUpdate,
    part: coreStatus.validateQuotaStatus,
  },
  'v1/Secret': { create: configData.validateSecret, update: configData.validateSecretUpdate },
  'v1/Service': {
    name: dns1035Label,
    create: service.validateService,
    update: service.validateServiceUpdate,
    part: coreStatus.validateServiceStatus,
  },
  'apps/v1/ControllerRevision': { create: workloads.validateRevision, update: workloads.validateRevisionUpdate },
  'apps/v1/DaemonSet': {
    create: workloads.validateDaemonSet,
    update: workloads.validateDaemonSetUpdate,
    part: status.validateDaemonSetStatus,
  },
  'apps/v1/Deployment': {
    create: workloads.validateDeployment,
    update: workloads.validateDeploymentUpdate,
    part: status.validateDeploymentStatus,
  },
  'apps/v1/ReplicaSet': {
    create: workloads.validateReplicaSet,
    update: workloads.validateReplicaSetUpdate,
    part: status.validateReplicaSetStatus,
  },
  'apps/v1/StatefulSet': {
    name: dns1123Label,
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    part: status.validateStatefulSetStatus,
  },
  'batch/v1/CronJob': { create: validateCronJob, update: validateCronJobUpdate },
  'batch/v1/Job': { create: jobs.validateJob, update: jobs.validateJobUpdate, part: validateJobStatus },
  'autoscaling/v1/HorizontalPodAutoscaler': {
    create: autoscalers.validateAutoscalerV1,
    update: autoscalers.validateAutoscalerV1Update,
    part: autoscalers.validateAutoscalerStatus,
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    create: autoscalers.validateAutoscaler,
    update: autoscalers.validateAutoscalerUpdate,
    part: autoscalers.validateAutoscalerStatus,
  },
  'policy/v1/PodDisruptionBudget': {
    create: policies.validateDisruptionBudget,
    part: policies.validateDisruptionBudgetStatus,
  },
  'coordination.k8s.io/v1/Lease': { create: policies.validateLease },
  'scheduling.k8s.io/v1/PriorityClass': {
    create: policies.validatePriorityClass,
    update: policies.validatePriorityClassUpdate,
  },
  'node.k8s.io/v1/RuntimeClass': { create: policies.validateRuntimeClass, update: policies.validateRuntimeClassUpdate },
  'discovery.k8s.io/v1/EndpointSlice': {
    create: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  },
  'events.k8s.io/v1/Event': {
    name: pathSegmentName,
    create: events.validateNewEvent,
    update: events.validateNewEventUpdate,
  },
  'networking.k8s.io/v1/Ingress': {
    create: networking.validateIngress,
    update: networking.validateIngressUpdate,
    part: networking.validateIngressStatus,
  },
  'networking.k8s.io/v1/IngressClass': {
    create: networking.validateIngressClass,
    update: networking.validateIngressClassUpdate,
  },
  'networking.k8s.io/v1/NetworkPolicy': {
    create: networking.validateNetworkPolicy,
    update: networking.validateNetworkPolicyUpdate,
  },
  'rbac.authorization.k8s.io/v1/ClusterRole': { name: pathSegmentName, create: access.validateClusterRole },
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': {
    name: pathSegmentName,
    create: access.validateClusterRoleBinding,
    update: access.validateClusterRoleBindingUpdate,
  },
  'rbac.authorization.k8s.io/v1/Role': { name: pathSegmentName, create: access.validateRole },
  'rbac.authorization.k8s.io/v1/RoleBinding': {
    name: pathSegmentName,
    create: access.validateRoleBinding,
    update: access.validateRoleBindingUpdate,
  },
  'authentication.k8s.io/v1/TokenRequest': { create: access.validateTokenRequest },
  'certificates.k8s.io/v1/CertificateSigningRequest': {
    name: pathSegmentName,
    create: certificates.validateSigningRequest,
    update: certificates.validateSigningRequestUpdate,
    part: certificates.validateSigningStatus,
  },
  'storage.k8s.io/v1/CSIDriver': { create: storage.validateCsiDriver, update: storage.validateCsiDriverUpdate },
  'storage.k8s.io/v1/CSINode': { create: storage.validateCsiNode, update: storage.validateCsiNodeUpdate },
  'storage.k8s.io/v1/CSIStorageCapacity': {
    create: storage.validateStorageCapacity,
    update: storage.validateStorageCapacityUpdate,
  },
  'storage.k8s.io/v1/StorageClass': {
    create: storage.validateStorageClass,
    update: storage.validateStorageClassUpdate,
  },
  'storage.k8s.io/v1/VolumeAttachment': {
    create: storage.validateAttachment,
    update: storage.validateAttachmentUpdate,
    part: storage.validateAttachmentStatus,
  },
  'storage.k8s.io/v1/VolumeAttributesClass': {
    create: storage.validateAttributesClass,
    update: storage.validateAttributesClassUpdate,
  },
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': {
    create: extensions.validateWebhooks,
    update: extensions.validateWebhooksUpdate,
  },
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': {
    create: extensions.validateWebhooks,
    update: extensions.validateWebhooksUpdate,
  },
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': {
    create: validatePolicy,
    update: validatePolicyUpdate,
    part: validatePolicyStatus,
  },
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': { create: validatePolicyBinding },
  'apiextensions.k8s.io/v1/CustomResourceDefinition': {
    create: definitions.validateDefinition,
    update: definitions.validateDefinitionUpdate,
  },
  'apiregistration.k8s.io/v1/APIService': { name: pathSegmentName, create: validateApiService },
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': { create: validateFlowSchema },
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': { create: validatePriorityLevel },
  'networking.k8s.io/v1/IPAddress': {
    name: addressRanges.ipAddressName,
    create: addressRanges.validateIpAddress,
    update: addressRanges.validateIpAddressUpdate,
  },
  'networking.k8s.io/v1/ServiceCIDR': {
    create: addressRanges.validateServiceCidr,
    update: addressRanges.validateServiceCidrUpdate,
  },
  'resource.k8s.io/v1/DeviceClass': { create: devices.validateDeviceClass },
  'resource.k8s.io/v1/ResourceClaim': {
    create: devices.validateResourceClaim,
    update: devices.validateResourceClaimUpdate,
  },
  'resource.k8s.io/v1/ResourceClaimTemplate': {
    create: devices.validateResourceClaimTemplate,
    update: devices.validateResourceClaimTemplateUpdate,
  },
  'resource.k8s.io/v1/ResourceSlice': {
    create: devices.validateResourceSlice,
    update: devices.validateResourceSliceUpdate,
  },
};

const rulesOf = ({ apiVersion, kind }: KubeObject): KindRules => {
  const key = `${apiVersion}/${kind}`;
  return Object.hasOwn(RULES, key) ? (RULES[key] ?? {}) : {};
};

/** Kinds of the server itself, not of the extensions that it carries. Events are looked at less closely. */
const isCore = (object: KubeObject): boolean =>
  resourceOfKind(object) !== undefined &&
  object.kind !== 'Event' &&
  !/^api(extensions|registration)\.k8s\.io\//.test(object.apiVersion);

/**
 * All that is wrong with a new object of a built-in kind, after defaulting; empty for a good one. `namespaced` is for
 * kinds that are not built in.
 */
export const validateCreate = (
  object: KubeObject,
  namespaced = resourceOfKind(object)?.namespaced ?? true,
): FieldError[] => {
  const rules = rulesOf(object);
  return [
    ...validateMetadata(object.metadata, namespaced, rules.name ?? dns1123Subdomain),
    ...(isCore(object) ? validateFinalizerNames(object.metadata) : []),
    ...(rules.create?.(object as never) ?? []),
  ];
};

/** Kinds whose own rules look at the metadata of an update as at that of a new object, too. */
const LOOKED_AT_TWICE = new Set(
  (
    'v1/Pod v1/Namespace v1/Node v1/PersistentVolumeClaim v1/ConfigMap v1/Secret v1/ServiceAccount v1/Endpoints ' +
    'v1/PersistentVolume apps/v1/ControllerRevision batch/v1/Job networking.k8s.io/v1/Ingress ' +
    'networking.k8s.io/v1/IngressClass networking.k8s.io/v1/IPAddress rbac.authorization.k8s.io/v1/Role ' +
    'rbac.authorization.k8s.io/v1/ClusterRole rbac.authorization.k8s.io/v1/RoleBinding ' +
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding storage.k8s.io/v1/StorageClass ' +
    'storage.k8s.io/v1/CSIStorageCapacity storage.k8s.io/v1/VolumeAttributesClass node.k8s.io/v1/RuntimeClass ' +
    'certificates.k8s.io/v1/CertificateSigningRequest apiregistration.k8s.io/v1/APIService ' +
    'resource.k8s.io/v1/DeviceClass resource.k8s.io/v1/ResourceClaim resource.k8s.io/v1/ResourceClaimTemplate'
  ).split(' '),
);
/** Kinds whose own rules leave metadata alone. */
const LEFT_ALONE = new Set(['v1/Event', 'policy/v1/PodDisruptionBudget']);

/** Kubernetes looks at metadata up to four times, and tells what it finds each time. */
const metadataErrors = (object: KubeObject, old: KubeObject, subresource: string): FieldError[] => {
  const key = `${object.apiVersion}/${object.kind}`;
  const own = isCore(object) ? validateFinalizerNames(object.metadata) : [];
  const once = [...validateWrittenMetadata(object.metadata), ...validateMetadataUpdate(object, old)];
  if (LEFT_ALONE.has(key) || (key === 'batch/v1/CronJob' && subresource === 'status')) return once;
  const again = [...once, ...validateMetadataUpdate(object, old), ...own];
  const isWhole = subresource === '' || subresource === 'scale' || object.kind === 'CertificateSigningRequest';
  if (!isWhole || !LOOKED_AT_TWICE.has(key)) return again;
  const namespaced = resourceOfKind(object)?.namespaced === true;
  const asNew = validateMetadata(object.metadata, namespaced, rulesOf(object).name ?? dns1123Subdomain);
  return [...once, ...asNew, ...own, ...validateMetadataUpdate(object, old), ...own];
};

/**
 * All that is wrong with a change of an object, after defaulting. Through `status` nothing but metadata is checked,
 * through `ephemeralcontainers` and `resize` what those may change.
 */
export const validateUpdate = (object: KubeObject, old: KubeObject, subresource = ''): FieldError[] => {
  const errors = metadataErrors(object, old, subresource);
  const rules = rulesOf(object);
  if (subresource === 'ephemeralcontainers')
    return [...errors, ...validateEphemeralUpdate(object as never, old as never)];
  if (subresource === 'resize') return [...errors, ...validatePodResize(object as never, old as never)];
  if (subresource !== '' && subresource !== 'scale')
    return [...errors, ...(rules.part?.(object as never, old as never, subresource) ?? [])];
  return [...errors, ...(rules.update?.(object as never, old as never) ?? rules.create?.(object as never) ?? [])];
};
