import { cloneJson } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { typeOfKind } from '../../../objects/schema/schema-table.js';
import { defaultAutoscaler, defaultAutoscalerV1 } from './autoscaling.js';
import * as cluster from './cluster-kinds.js';
import * as core from './core.js';
import type { Draft } from './draft.js';
import { defaultEndpointSlice, defaultIngressClass, defaultNetworkPolicy } from './networking.js';
import { defaultPod } from './pod-spec.js';
import { defaultPersistentVolume } from './volumes.js';
import * as workloads from './workloads.js';

type AnyDefaulter = (draft: never) => void;

/** The defaulter of each kind that has defaults. */
const DEFAULTERS: Readonly<Record<string, AnyDefaulter>> = {
  'v1/Endpoints': core.defaultEndpoints,
  'v1/LimitRange': core.defaultLimitRange,
  'v1/Namespace': core.defaultNamespace,
  'v1/Node': core.defaultNode,
  'v1/PersistentVolume': defaultPersistentVolume,
  'v1/PersistentVolumeClaim': core.defaultClaim,
  'v1/Pod': defaultPod,
  'v1/PodTemplate': core.defaultPodTemplateObject,
  'v1/ReplicationController': core.defaultReplicationController,
  'v1/Secret': core.defaultSecret,
  'v1/Service': core.defaultService,
  'apps/v1/DaemonSet': workloads.defaultDaemonSet,
  'apps/v1/Deployment': workloads.defaultDeployment,
  'apps/v1/ReplicaSet': workloads.defaultReplicaSet,
  'apps/v1/StatefulSet': workloads.defaultStatefulSet,
  'batch/v1/CronJob': workloads.defaultCronJob,
  'batch/v1/Job': workloads.defaultJob,
  'autoscaling/v1/HorizontalPodAutoscaler': defaultAutoscalerV1,
  'autoscaling/v2/HorizontalPodAutoscaler': defaultAutoscaler,
  'discovery.k8s.io/v1/EndpointSlice': defaultEndpointSlice,
  'networking.k8s.io/v1/IngressClass': defaultIngressClass,
  'networking.k8s.io/v1/NetworkPolicy': defaultNetworkPolicy,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': cluster.defaultBinding,
  'rbac.authorization.k8s.io/v1/RoleBinding': cluster.defaultBinding,
  'storage.k8s.io/v1/CSIDriver': cluster.defaultCsiDriver,
  'storage.k8s.io/v1/StorageClass': cluster.defaultStorageClass,
  'scheduling.k8s.io/v1/PriorityClass': cluster.defaultPriorityClass,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': cluster.defaultFlowSchema,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': cluster.defaultPriorityLevel,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': cluster.defaultMutatingWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': cluster.defaultValidatingWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': cluster.defaultPolicy,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': cluster.defaultPolicyBinding,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': cluster.defaultDefinition,
  'apiregistration.k8s.io/v1/APIService': cluster.defaultApiService,
  'resource.k8s.io/v1/ResourceClaim': cluster.defaultResourceClaim,
  'resource.k8s.io/v1/ResourceClaimTemplate': cluster.defaultResourceClaimTemplate,
  'authentication.k8s.io/v1/TokenRequest': cluster.defaultTokenRequest,
};

/**
 * The object with every default that Kubernetes 1.35 fills in, as a new object. Kinds without defaults, custom ones
 * among them, come back as they are. Idempotent.
 */
export const applyDefaults = <T extends KubeObject>(object: T): T => {
  const key = `${object.apiVersion}/${object.kind}`;
  const defaulter = Object.hasOwn(DEFAULTERS, key) ? DEFAULTERS[key] : undefined;
  if (defaulter === undefined) return object;
  const draft = cloneJson(object) as Draft<KubeObject>;
  // Defaulters reach into `spec`, which the Go types of these kinds always have.
  if (typeOfKind(object)?.fields.has('spec') === true) draft['spec'] ??= {};
  defaulter(draft as never);
  return draft as unknown as T;
};
