import type {
  MatchResources,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { TokenRequest } from '../../../objects/kinds/authentication-k8s-io-v1.js';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import type { ClusterRoleBinding, RoleBinding } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { DeviceRequest, ResourceClaim, ResourceClaimTemplate } from '../../../objects/kinds/resource-k8s-io-v1.js';
import type { PriorityClass } from '../../../objects/kinds/scheduling-k8s-io-v1.js';
import type { CSIDriver, StorageClass } from '../../../objects/kinds/storage-k8s-io-v1.js';
import type { Draft } from './draft.js';

const HTTPS = 443;
const RBAC_GROUP = 'rbac.authorization.k8s.io';

type Webhook = Draft<NonNullable<MutatingWebhookConfiguration['webhooks']>[number]>;

const defaultWebhook = (
  webhook: Webhook | Draft<NonNullable<ValidatingWebhookConfiguration['webhooks']>[number]>,
): void => {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= HTTPS;
};

export const defaultMutatingWebhooks = ({ webhooks }: Draft<MutatingWebhookConfiguration>): void => {
  for (const webhook of webhooks ?? []) {
    defaultWebhook(webhook);
    webhook.reinvocationPolicy ??= 'Never';
  }
};

export const defaultValidatingWebhooks = ({ webhooks }: Draft<ValidatingWebhookConfiguration>): void => {
  for (const webhook of webhooks ?? []) defaultWebhook(webhook);
};

const defaultMatch = (match: Draft<MatchResources> | undefined): void => {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
};

export const defaultPolicy = ({ spec }: Draft<ValidatingAdmissionPolicy>): void => {
  if (spec === undefined) return;
  spec.failurePolicy ??= 'Fail';
  defaultMatch(spec.matchConstraints);
};

export const defaultPolicyBinding = ({ spec }: Draft<ValidatingAdmissionPolicyBinding>): void =>
  defaultMatch(spec?.matchResources);

export const defaultDefinition = ({ spec }: Draft<CustomResourceDefinition>): void => {
  const { names } = spec;
  if (names !== undefined) {
    names.singular ||= (names.kind ?? '').toLowerCase();
    if ((names.listKind ?? '') === '' && (names.kind ?? '') !== '') names.listKind = `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= HTTPS;
};

/** An APIService has no generated type: its group is served by an aggregated server in Kubernetes. */
export const defaultApiService = (object: { spec?: { service?: { port?: number } } }): void => {
  if (object.spec?.service !== undefined) object.spec.service.port ??= HTTPS;
};

export const defaultBinding = (binding: Draft<RoleBinding> | Draft<ClusterRoleBinding>): void => {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP;
  }
};

export const defaultStorageClass = (storageClass: Draft<StorageClass>): void => {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
};

export const defaultCsiDriver = ({ spec }: Draft<CSIDriver>): void => {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
};

export const defaultPriorityClass = (priorityClass: Draft<PriorityClass>): void => {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
};

export const defaultFlowSchema = ({ spec }: Draft<FlowSchema>): void => {
  if (spec !== undefined) spec.matchingPrecedence ||= 1000;
};

export const defaultPriorityLevel = ({ spec }: Draft<PriorityLevelConfiguration>): void => {
  if (spec?.exempt !== undefined) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (spec?.limited === undefined) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
};

const defaultDeviceRequest = (request: Draft<DeviceRequest>): void => {
  for (const each of [...(request.exactly === undefined ? [] : [request.exactly]), ...(request.firstAvailable ?? [])]) {
    each.allocationMode ||= 'ExactCount';
    if (each.allocationMode === 'ExactCount') each.count ||= 1;
    for (const toleration of each.tolerations ?? []) toleration.operator ||= 'Equal';
  }
};

export const defaultResourceClaim = ({ spec }: Draft<ResourceClaim>): void => {
  for (const request of spec?.devices?.requests ?? []) defaultDeviceRequest(request);
};

export const defaultResourceClaimTemplate = ({ spec }: Draft<ResourceClaimTemplate>): void => {
  for (const request of spec?.spec?.devices?.requests ?? []) defaultDeviceRequest(request);
};

export const defaultTokenRequest = ({ spec }: Draft<TokenRequest>): void => {
  if (spec !== undefined) spec.expirationSeconds ??= 3600;
};
