import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { CertificateSigningRequest } from '../../../objects/kinds/certificates-k8s-io-v1.js';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import type { RuntimeClass } from '../../../objects/kinds/node-k8s-io-v1.js';
import type { ClusterRole, RoleBinding } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { ResourceClaim, ResourceSlice } from '../../../objects/kinds/resource-k8s-io-v1.js';
import type { PriorityClass } from '../../../objects/kinds/scheduling-k8s-io-v1.js';
import { findCondition, type Condition } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import { ageOf, humanDuration } from './age.js';
import { NONE, printer, UNSET, type Printer } from './printer.js';

/** Roles show when they were made, as a date. */
export const rolePrinter = printer<ClusterRole>(['Name', 'Created At:date'], ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? '',
]);

export const roleBindingPrinter = printer<RoleBinding>(
  ['Name', 'Role', 'Age', '+Users', '+Groups', '+ServiceAccounts'],
  (object, now) => {
    const subjects = object.subjects ?? [];
    const names = (kind: string): string =>
      subjects
        .filter((subject) => subject.kind === kind)
        .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
        .join(', ');
    return [
      object.metadata.name,
      `${object.roleRef.kind}/${object.roleRef.name}`,
      ageOf(object.metadata.creationTimestamp, now),
      names('User'),
      names('Group'),
      names('ServiceAccount'),
    ];
  },
);

export const signingRequestPrinter = printer<CertificateSigningRequest>(
  ['Name', 'Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition'],
  (object, now) => {
    const { spec } = object;
    return [
      object.metadata.name,
      ageOf(object.metadata.creationTimestamp, now),
      spec.signerName,
      spec.username ?? '',
      spec.expirationSeconds === undefined ? NONE : humanDuration(spec.expirationSeconds * 1000),
      signingCondition(object),
    ];
  },
);

const signingCondition = ({ status }: CertificateSigningRequest): string => {
  const types = (status?.conditions ?? []).map(({ type }) => type);
  const parts = ['Approved', 'Denied', 'Failed'].filter((type) => types.includes(type));
  const decided = parts.length === 0 ? ['Pending'] : parts;
  return [...decided, ...((status?.certificate ?? '') === '' ? [] : ['Issued'])].join(',');
};

export const priorityClassPrinter = printer<PriorityClass>(
  ['Name', 'Value:integer', 'Global-Default:boolean', 'Age', 'PreemptionPolicy'],
  (object, now) => [
    object.metadata.name,
    object.value,
    object.globalDefault ?? false,
    ageOf(object.metadata.creationTimestamp, now),
    object.preemptionPolicy ?? 'PreemptLowerPriority',
  ],
);

export const runtimeClassPrinter = printer<RuntimeClass>(['Name', 'Handler', 'Age'], (object, now) => [
  object.metadata.name,
  object.handler,
  ageOf(object.metadata.creationTimestamp, now),
]);

export const webhookPrinter = printer<MutatingWebhookConfiguration>(
  ['Name', 'Webhooks:integer', 'Age'],
  (object, now) => [object.metadata.name, object.webhooks?.length ?? 0, ageOf(object.metadata.creationTimestamp, now)],
);

export const admissionPolicyPrinter = printer<ValidatingAdmissionPolicy>(
  ['Name', 'Validations:integer', 'ParamKind', 'Age'],
  (object, now) => {
    const { paramKind } = object.spec ?? {};
    return [
      object.metadata.name,
      object.spec?.validations?.length ?? 0,
      paramKind === undefined ? UNSET : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`,
      ageOf(object.metadata.creationTimestamp, now),
    ];
  },
);

export const admissionPolicyBindingPrinter = printer<ValidatingAdmissionPolicyBinding>(
  ['Name', 'PolicyName', 'ParamRef', 'Age'],
  (object, now) => {
    const { paramRef } = object.spec ?? {};
    const reference =
      paramRef?.namespace === undefined ? (paramRef?.name ?? '*') : `${paramRef.namespace}/${paramRef.name ?? '*'}`;
    return [
      object.metadata.name,
      object.spec?.policyName ?? '',
      paramRef === undefined ? UNSET : reference,
      ageOf(object.metadata.creationTimestamp, now),
    ];
  },
);

export const definitionPrinter = printer<CustomResourceDefinition>(['Name', 'Created At:date'], ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? '',
]);

const precedenceOf = (object: KubeObject): number => (object as FlowSchema).spec?.matchingPrecedence ?? 0;

/** In the order in which requests are matched. */
export const flowSchemaPrinter: Printer = {
  ...printer<FlowSchema>(
    ['Name', 'PriorityLevel', 'MatchingPrecedence', 'DistinguisherMethod', 'Age', 'MissingPL'],
    (object, now) => {
      const dangling = object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status;
      return [
        object.metadata.name,
        object.spec?.priorityLevelConfiguration.name ?? '',
        object.spec?.matchingPrecedence ?? 0,
        object.spec?.distinguisherMethod?.type ?? NONE,
        ageOf(object.metadata.creationTimestamp, now),
        dangling ?? '?',
      ];
    },
  ),
  order: (a, b) => precedenceOf(a) - precedenceOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
};

export const priorityLevelPrinter = printer<PriorityLevelConfiguration>(
  ['Name', 'Type', 'NominalConcurrencyShares', 'Queues', 'HandSize', 'QueueLengthLimit', 'Age'],
  (object, now) => {
    const { limited, type } = object.spec ?? {};
    const queuing = limited?.limitResponse?.queuing;
    return [
      object.metadata.name,
      type ?? '',
      limited?.nominalConcurrencyShares ?? NONE,
      queuing?.queues ?? NONE,
      queuing?.handSize ?? NONE,
      queuing?.queueLengthLimit ?? NONE,
      ageOf(object.metadata.creationTimestamp, now),
    ];
  },
);

export const resourceClaimPrinter = printer<ResourceClaim>(['Name', 'State', 'Age'], (object, now) => {
  const { status, metadata } = object;
  const states = [
    ...(metadata.deletionTimestamp === undefined ? [] : ['deleted']),
    ...(status?.allocation === undefined
      ? metadata.deletionTimestamp === undefined
        ? ['pending']
        : []
      : ['allocated', ...((status.reservedFor ?? []).length > 0 ? ['reserved'] : [])]),
  ];
  return [metadata.name, states.join(','), ageOf(metadata.creationTimestamp, now)];
});

export const resourceSlicePrinter = printer<ResourceSlice>(['Name', 'Node', 'Driver', 'Pool', 'Age'], (object, now) => [
  object.metadata.name,
  object.spec.nodeName ?? UNSET,
  object.spec.driver,
  object.spec.pool.name,
  ageOf(object.metadata.creationTimestamp, now),
]);

/** API services say who serves them, and whether that one answers. */
export const apiServicePrinter = printer(['Name', 'Service', 'Available', 'Age'], (object, now) => {
  const { service } = (object['spec'] ?? {}) as { service?: { namespace: string; name: string } };
  const { conditions } = (object['status'] ?? {}) as { conditions?: Condition[] };
  const { status = 'Unknown', reason } = findCondition(conditions, 'Available') ?? {};
  return [
    object.metadata.name,
    service === undefined ? 'Local' : `${service.namespace}/${service.name}`,
    status === 'True' || reason === undefined ? status : `${status} (${reason})`,
    ageOf(object.metadata.creationTimestamp, now),
  ];
});
