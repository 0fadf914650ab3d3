import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../../../objects/kinds/core-v1.js';
import {
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  qualifiedName,
} from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { validateContainers } from './containers.js';
import { isIpAddress } from './addresses.js';
import { validateAnnotations, validateLabels, validateLabelSelector } from './labels.js';
import { validateResources } from './quantities.js';
import { each, inRange, nonNegative, oneOf, optionalText, requiredOneOf, requiredText, unique } from './rules.js';
import { validatePodSecurityContext } from './security-context.js';
import { validateVolumes } from './volumes.js';

const validateNodeTerm = (field: string, term: NodeSelectorTerm): FieldError[] => [
  ...each(child(field, 'matchExpressions'), term.matchExpressions, ({ key, operator, values = [] }, path) => {
    const errors = invalidEach(child(path, 'key'), key, qualifiedName(key));
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      errors.push(required(child(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      errors.push(
        forbidden(child(path, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    } else if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1) {
      errors.push(required(child(path, 'values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    } else if (!['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'].includes(operator)) {
      errors.push(invalid(child(path, 'operator'), operator, 'not a valid selector operator'));
    }
    return errors;
  }),
  ...each(child(field, 'matchFields'), term.matchFields, ({ key }, path) =>
    key === 'metadata.name' ? [] : [invalid(child(path, 'key'), key, 'not a valid field selector key')],
  ),
];

const validatePodTerm = (field: string, term: PodAffinityTerm): FieldError[] => [
  ...validateLabelSelector(child(field, 'labelSelector'), term.labelSelector),
  ...validateLabelSelector(child(field, 'namespaceSelector'), term.namespaceSelector),
  ...((term.topologyKey ?? '') === ''
    ? [required(child(field, 'topologyKey'), 'can not be empty')]
    : invalidEach(child(field, 'topologyKey'), term.topologyKey, qualifiedName(term.topologyKey))),
  ...each(child(field, 'namespaces'), term.namespaces, (name, path) => invalidEach(path, name, dns1123Label(name))),
];

const validateAffinity = (field: string, affinity: Affinity | undefined): FieldError[] => {
  if (affinity === undefined) return [];
  const errors: FieldError[] = [];
  const node = child(field, 'nodeAffinity');
  const needed = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (needed !== undefined) {
    const terms = child(node, 'requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms');
    if ((needed.nodeSelectorTerms ?? []).length === 0) {
      errors.push(required(terms, 'must have at least one node selector term'));
    }
    errors.push(...each(terms, needed.nodeSelectorTerms, (term, path) => validateNodeTerm(path, term)));
  }
  const preferred = affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  errors.push(
    ...each(child(node, 'preferredDuringSchedulingIgnoredDuringExecution'), preferred, (term, path) => [
      ...inWeight(child(path, 'weight'), term.weight),
      ...validateNodeTerm(child(path, 'preference'), term.preference),
    ]),
  );
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    const path = child(field, name);
    errors.push(
      ...each(
        child(path, 'requiredDuringSchedulingIgnoredDuringExecution'),
        affinity[name]?.requiredDuringSchedulingIgnoredDuringExecution,
        (term, at) => validatePodTerm(at, term),
      ),
      ...each(
        child(path, 'preferredDuringSchedulingIgnoredDuringExecution'),
        affinity[name]?.preferredDuringSchedulingIgnoredDuringExecution,
        (term, at) => [
          ...inWeight(child(at, 'weight'), term.weight),
          ...validatePodTerm(child(at, 'podAffinityTerm'), term.podAffinityTerm),
        ],
      ),
    );
  }
  return errors;
};

const inWeight = (field: string, weight: number): FieldError[] =>
  weight >= 1 && weight <= 100 ? [] : [invalid(field, weight, 'must be in the range 1-100')];

export const validateTolerations = (field: string, tolerations: readonly Toleration[] | undefined): FieldError[] =>
  each(field, tolerations, (toleration, path) => {
    const { key = '', operator = '', value = '', effect, tolerationSeconds } = toleration;
    const errors: FieldError[] = key === '' ? [] : invalidEach(child(path, 'key'), key, qualifiedName(key));
    if (key === '' && operator !== 'Exists') {
      errors.push(
        invalid(
          child(path, 'operator'),
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(
        invalid(child(path, 'effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    }
    if (operator === 'Exists' && value !== '') {
      errors.push(invalid(child(path, 'operator'), toleration, "value must be empty when `operator` is 'Exists'"));
    }
    errors.push(
      ...oneOf(child(path, 'operator'), operator === '' ? undefined : operator, ['Equal', 'Exists']),
      ...oneOf(child(path, 'effect'), effect === '' ? undefined : effect, [
        'NoSchedule',
        'PreferNoSchedule',
        'NoExecute',
      ]),
    );
    return errors;
  });

const validateSpread = (field: string, spec: PodSpec): FieldError[] =>
  each(field, spec.topologySpreadConstraints, (constraint, path) => [
    ...(constraint.maxSkew > 0
      ? []
      : [invalid(child(path, 'maxSkew'), constraint.maxSkew, 'must be greater than zero')]),
    ...((constraint.topologyKey ?? '') === '' ? [required(child(path, 'topologyKey'), 'can not be empty')] : []),
    ...oneOf(child(path, 'whenUnsatisfiable'), constraint.whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
    ...validateLabelSelector(child(path, 'labelSelector'), constraint.labelSelector),
  ]);

const validateDns = (field: string, spec: PodSpec): FieldError[] => {
  const servers = spec.dnsConfig?.nameservers ?? [];
  const path = child(field, 'dnsConfig.nameservers');
  const errors = each(path, servers, (server, at) =>
    isIpAddress(server) ? [] : [invalid(at, server, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')],
  );
  if (servers.length > 3) errors.push(invalid(path, servers, 'must not have more than 3 nameservers'));
  errors.push(
    ...each(child(field, 'dnsConfig.searches'), spec.dnsConfig?.searches, (search, at) =>
      search === '.' ? [] : invalidEach(at, search, dns1123SubdomainWithUnderscore(search.replace(/\.$/, ''))),
    ),
  );
  if (spec.dnsPolicy === 'None' && servers.length === 0) {
    errors.push(required(path, 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  return errors;
};

const validateHost = (field: string, spec: PodSpec): FieldError[] => {
  if (spec.hostNetwork !== true) return [];
  return each(child(field, 'containers'), spec.containers, (container, path) =>
    each(child(path, 'ports'), container.ports, (port, at) =>
      (port.hostPort ?? 0) === 0 || port.hostPort === port.containerPort
        ? []
        : [invalid(child(at, 'hostPort'), port.hostPort ?? 0, 'must match `containerPort` when `hostNetwork` is true')],
    ),
  );
};

/** The rules for the spec of a pod and of every template of pods. */
export const validatePodSpec = (spec: PodSpec, field: string): FieldError[] => {
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const grace = spec.terminationGracePeriodSeconds;
  return [
    ...validateVolumes(child(field, 'volumes'), spec.volumes),
    ...validateContainers(field, spec, volumes),
    ...requiredOneOf(child(field, 'restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...requiredOneOf(child(field, 'dnsPolicy'), spec.dnsPolicy, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
    ...validateDns(field, spec),
    ...validateLabels(child(field, 'nodeSelector'), spec.nodeSelector),
    ...validatePodSecurityContext(child(field, 'securityContext'), spec.securityContext),
    ...validateHost(field, spec),
    ...each(child(field, 'imagePullSecrets'), spec.imagePullSecrets, ({ name = '' }, path) =>
      name === '' ? [required(child(path, 'name'))] : [],
    ),
    ...optionalText(child(field, 'serviceAccountName'), spec.serviceAccountName, dns1123Subdomain),
    ...optionalText(child(field, 'nodeName'), spec.nodeName, dns1123Subdomain),
    ...optionalText(child(field, 'hostname'), spec.hostname, dns1123Label),
    ...optionalText(child(field, 'subdomain'), spec.subdomain, dns1123Label),
    ...optionalText(child(field, 'priorityClassName'), spec.priorityClassName, dns1123Subdomain),
    ...optionalText(child(field, 'runtimeClassName'), spec.runtimeClassName, dns1123Subdomain),
    ...(spec.activeDeadlineSeconds === undefined
      ? []
      : inRange(child(field, 'activeDeadlineSeconds'), spec.activeDeadlineSeconds, 1, 2 ** 31 - 1)),
    ...(grace === undefined
      ? [required(child(field, 'terminationGracePeriodSeconds'))]
      : nonNegative(child(field, 'terminationGracePeriodSeconds'), grace)),
    ...validateAffinity(child(field, 'affinity'), spec.affinity),
    ...validateTolerations(child(field, 'tolerations'), spec.tolerations),
    ...validateSpread(child(field, 'topologySpreadConstraints'), spec),
    ...each(child(field, 'hostAliases'), spec.hostAliases, ({ ip, hostnames }, path) => [
      ...(isIpAddress(ip)
        ? []
        : [invalid(child(path, 'ip'), ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]),
      ...each(child(path, 'hostnames'), hostnames, (name, at) => invalidEach(at, name, dns1123Subdomain(name))),
    ]),
    ...oneOf(child(field, 'preemptionPolicy'), spec.preemptionPolicy, ['Never', 'PreemptLowerPriority']),
    ...each(child(field, 'readinessGates'), spec.readinessGates, ({ conditionType }, path) =>
      invalidEach(child(path, 'conditionType'), conditionType, qualifiedName(conditionType)),
    ),
    ...each(child(field, 'schedulingGates'), spec.schedulingGates, ({ name }, path) =>
      requiredText(child(path, 'name'), name, qualifiedName),
    ),
    ...unique(child(field, 'schedulingGates'), spec.schedulingGates, ({ name }) => name, 'name'),
    ...validateResources(child(field, 'resources'), spec.resources),
  ];
};

/** The rules for a template of pods; `restartPolicies` are those that its controller can run. */
export const validatePodTemplate = (
  template: PodTemplateSpec | undefined,
  field: string,
  restartPolicies?: readonly string[],
): FieldError[] => {
  if (template?.spec === undefined) return [required(field)];
  const errors = [
    ...validateLabels(child(field, 'metadata.labels'), template.metadata?.labels),
    ...validateAnnotations(child(field, 'metadata.annotations'), template.metadata?.annotations),
    ...validatePodSpec(template.spec, child(field, 'spec')),
  ];
  if ((template.spec.ephemeralContainers ?? []).length > 0) {
    errors.push(
      forbidden(child(field, 'spec.ephemeralContainers'), 'ephemeral containers not allowed in pod template'),
    );
  }
  if (restartPolicies !== undefined) {
    errors.push(...oneOf(child(field, 'spec.restartPolicy'), template.spec.restartPolicy, restartPolicies));
  }
  return errors;
};
