import { convertAutoscaler } from '../operations/convert-autoscaler.js';
import type { Printer } from './printer.js';
import * as core from './core.js';
import * as networking from './networking.js';
import * as policy from './cluster-policy.js';
import { podPrinter } from './pods.js';
import * as storage from './storage.js';
import * as workloads from './workloads.js';

/** The older version has the same columns. */
const olderAutoscalerPrinter: Printer = {
  ...workloads.autoscalerPrinter,
  cells: (object, now) => workloads.autoscalerPrinter.cells(convertAutoscaler(object, 'autoscaling/v2'), now),
};

/** How each built-in kind is printed; those that are not here show name and age. */
export const PRINTERS: Readonly<Record<string, Printer>> = {
  'v1/ComponentStatus': core.componentStatusPrinter,
  'v1/ConfigMap': core.configMapPrinter,
  'v1/Endpoints': networking.endpointsPrinter,
  'v1/Event': core.eventPrinter,
  'v1/Namespace': core.namespacePrinter,
  'v1/Node': core.nodePrinter,
  'v1/PersistentVolume': storage.persistentVolumePrinter,
  'v1/PersistentVolumeClaim': storage.persistentVolumeClaimPrinter,
  'v1/Pod': podPrinter,
  'v1/PodTemplate': workloads.podTemplatePrinter,
  'v1/ReplicationController': workloads.replicationControllerPrinter,
  'v1/ResourceQuota': core.resourceQuotaPrinter,
  'v1/Secret': core.secretPrinter,
  'v1/Service': networking.servicePrinter,
  'v1/ServiceAccount': core.serviceAccountPrinter,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': policy.webhookPrinter,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': policy.admissionPolicyPrinter,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': policy.admissionPolicyBindingPrinter,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': policy.webhookPrinter,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': policy.definitionPrinter,
  'apiregistration.k8s.io/v1/APIService': policy.apiServicePrinter,
  'apps/v1/ControllerRevision': workloads.controllerRevisionPrinter,
  'apps/v1/DaemonSet': workloads.daemonSetPrinter,
  'apps/v1/Deployment': workloads.deploymentPrinter,
  'apps/v1/ReplicaSet': workloads.replicaSetPrinter,
  'apps/v1/StatefulSet': workloads.statefulSetPrinter,
  'autoscaling/v1/HorizontalPodAutoscaler': olderAutoscalerPrinter,
  'autoscaling/v2/HorizontalPodAutoscaler': workloads.autoscalerPrinter,
  'batch/v1/CronJob': workloads.cronJobPrinter,
  'batch/v1/Job': workloads.jobPrinter,
  'certificates.k8s.io/v1/CertificateSigningRequest': policy.signingRequestPrinter,
  'coordination.k8s.io/v1/Lease': core.leasePrinter,
  'discovery.k8s.io/v1/EndpointSlice': networking.endpointSlicePrinter,
  'events.k8s.io/v1/Event': core.eventsEventPrinter,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': policy.flowSchemaPrinter,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': policy.priorityLevelPrinter,
  'networking.k8s.io/v1/IPAddress': networking.ipAddressPrinter,
  'networking.k8s.io/v1/Ingress': networking.ingressPrinter,
  'networking.k8s.io/v1/IngressClass': networking.ingressClassPrinter,
  'networking.k8s.io/v1/NetworkPolicy': networking.networkPolicyPrinter,
  'networking.k8s.io/v1/ServiceCIDR': networking.serviceCidrPrinter,
  'node.k8s.io/v1/RuntimeClass': policy.runtimeClassPrinter,
  'policy/v1/PodDisruptionBudget': workloads.disruptionBudgetPrinter,
  'rbac.authorization.k8s.io/v1/ClusterRole': policy.rolePrinter,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': policy.roleBindingPrinter,
  'rbac.authorization.k8s.io/v1/Role': policy.rolePrinter,
  'rbac.authorization.k8s.io/v1/RoleBinding': policy.roleBindingPrinter,
  'resource.k8s.io/v1/DeviceClass': core.agePrinter,
  'resource.k8s.io/v1/ResourceClaim': policy.resourceClaimPrinter,
  'resource.k8s.io/v1/ResourceClaimTemplate': core.agePrinter,
  'resource.k8s.io/v1/ResourceSlice': policy.resourceSlicePrinter,
  'scheduling.k8s.io/v1/PriorityClass': policy.priorityClassPrinter,
  'storage.k8s.io/v1/CSIDriver': storage.csiDriverPrinter,
  'storage.k8s.io/v1/CSINode': storage.csiNodePrinter,
  'storage.k8s.io/v1/StorageClass': storage.storageClassPrinter,
  'storage.k8s.io/v1/VolumeAttachment': storage.volumeAttachmentPrinter,
  'storage.k8s.io/v1/VolumeAttributesClass': storage.volumeAttributesClassPrinter,
};
