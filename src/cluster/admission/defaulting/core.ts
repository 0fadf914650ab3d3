import type {
  Endpoints,
  LimitRange,
  Namespace,
  Node,
  PersistentVolumeClaim,
  PodTemplate,
  ReplicationController,
  Secret,
  Service,
} from '../../../objects/kinds/core-v1.js';
import { setOwn } from '../../../objects/json.js';
import { NAMESPACE_NAME_LABEL } from '../../../objects/labels.js';
import type { Draft } from './draft.js';
import { defaultLimitRangeItem, defaultPodTemplate } from './pod-spec.js';
import { defaultClaimSpec } from './volumes.js';

const AFFINITY_SECONDS = 10_800;

const defaultSessionAffinity = (spec: Draft<Service>['spec']): void => {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity !== 'ClientIP') return;
  spec.sessionAffinityConfig ??= {};
  spec.sessionAffinityConfig.clientIP ??= {};
  spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= AFFINITY_SECONDS;
};

export const defaultService = ({ spec, status }: Draft<Service>): void => {
  defaultSessionAffinity(spec);
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  const hasNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const isReachable = hasNodePorts || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  if (isReachable) spec.externalTrafficPolicy ||= 'Cluster';
  if (hasNodePorts || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of status?.loadBalancer?.ingress ?? []) if ((ingress.ip ?? '') !== '') ingress.ipMode ??= 'VIP';
};

/** `stringData` is how people write `data`; it is never stored. */
export const defaultSecret = (secret: Draft<Secret>): void => {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  secret.data ??= {};
  for (const [key, text] of Object.entries(secret.stringData)) {
    setOwn(secret.data, key, Buffer.from(text).toString('base64'));
  }
  delete secret.stringData;
};

export const defaultNamespace = (namespace: Draft<Namespace>): void => {
  namespace.status ??= {};
  namespace.status.phase ||= 'Active';
  if ((namespace.metadata.name ?? '') === '') return;
  namespace.metadata.labels ??= {};
  namespace.metadata.labels[NAMESPACE_NAME_LABEL] = namespace.metadata.name;
};

export const defaultNode = ({ status }: Draft<Node>): void => {
  if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
};

export const defaultClaim = (claim: Draft<PersistentVolumeClaim>): void => {
  defaultClaimSpec(claim.spec);
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
};

export const defaultReplicationController = (controller: Draft<ReplicationController>): void => {
  const labels = controller.spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (Object.keys(controller.spec.selector ?? {}).length === 0) controller.spec.selector = { ...labels };
    if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels };
  }
  controller.spec.replicas ??= 1;
  defaultPodTemplate(controller.spec.template);
};

export const defaultPodTemplateObject = ({ template }: Draft<PodTemplate>): void => defaultPodTemplate(template);

export const defaultEndpoints = ({ subsets }: Draft<Endpoints>): void => {
  for (const port of (subsets ?? []).flatMap((subset) => subset.ports ?? [])) port.protocol ||= 'TCP';
};

export const defaultLimitRange = ({ spec }: Draft<LimitRange>): void => {
  for (const limit of spec?.limits ?? []) defaultLimitRangeItem(limit);
};
