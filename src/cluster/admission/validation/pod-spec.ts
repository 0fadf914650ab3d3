import type {
  HostAlias,
  PodDNSConfig,
  PodResourceClaim,
  PodSchedulingGate,
  PodSpec,
  PodTemplateSpec,
} from '../../../objects/kinds/core-v1.js';
import {
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  qualifiedName,
} from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  required,
  tooLong,
  type FieldError,
} from '../field-errors.js';
import { IP_MESSAGE, isIpAddress } from './addresses.js';
import { validateAffinity, validateSpread } from './affinity.js';
import { validateContainers } from './containers.js';
import { shownResourceClaim } from './internal-forms.js';
import { validateAnnotations, validateLabels } from './labels.js';
import { validatePodAnnotations, validateProfilesMatch } from './pod-annotations.js';
import { validateFileVariables, validateHostProcess, validateHostUsers, validateOs } from './pod-os.js';
import { OF_TEMPLATE, type PodRules } from './pod-rules.js';
import { validatePodResources, validateOverhead } from './resources.js';
import { each, inRange, oneOf, optionalText, requiredOneOf } from './rules.js';
import { validatePodSecurityContext } from './security-context.js';
import { validateTolerations } from './tolerations.js';
import { validateVolumes } from './volumes.js';

const address = (field: string, value: string | undefined): FieldError[] =>
  isIpAddress(value) ? [] : [invalid(field, value ?? '', IP_MESSAGE)];

const MOST_SERVERS = 3;
const MOST_SEARCHES = 32;
const LONGEST_SEARCHES = 2048;

const validateDns = (field: string, config: PodDNSConfig | undefined, policy: string | undefined): FieldError[] => {
  const servers = child(field, 'nameservers');
  const { nameservers = [], searches = [], options } = config ?? {};
  if (policy === 'None') {
    if (config === undefined) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) {
      return [required(servers, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  const errors: FieldError[] = [];
  if (nameservers.length > MOST_SERVERS) {
    errors.push(invalid(servers, nameservers, `must not have more than ${MOST_SERVERS} nameservers`));
  }
  errors.push(...each(servers, nameservers, (server, path) => address(path, server)));
  const paths = child(field, 'searches');
  if (searches.length > MOST_SEARCHES) {
    errors.push(invalid(paths, searches, `must not have more than ${MOST_SEARCHES} search paths`));
  }
  if (Buffer.byteLength(searches.join(' ')) > LONGEST_SEARCHES) {
    const detail = `must not have more than ${LONGEST_SEARCHES} characters (including spaces) in the search list`;
    errors.push(invalid(paths, searches, detail));
  }
  return [
    ...errors,
    ...each(paths, searches, (search, path) => {
      const domain = search.replace(/\.$/, '');
      return search === '.' ? [] : invalidEach(path, domain, dns1123SubdomainWithUnderscore(domain));
    }),
    ...each(child(field, 'options'), options, ({ name = '' }, path) =>
      name === '' ? [required(path, 'must not be empty')] : [],
    ),
  ];
};

/** Where a pod has its node's network, its ports are the node's. */
const validateHostPorts = (field: string, spec: PodSpec, { isPod }: PodRules): FieldError[] =>
  spec.hostNetwork !== true
    ? []
    : each(child(field, 'containers'), spec.containers, (container, path) =>
        each(child(path, 'ports'), container.ports, ({ hostPort = 0, containerPort = 0 }, at) =>
          hostPort === containerPort || (!isPod && hostPort === 0)
            ? []
            : [invalid(child(at, 'hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true')],
        ),
      );

const validateGates = (field: string, gates: readonly PodSchedulingGate[] | undefined): FieldError[] => {
  const seen = new Set<string>();
  return each(field, gates, ({ name = '' }, path) => {
    const errors = invalidEach(path, name, qualifiedName(name));
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    return errors;
  });
};

const MIRROR = 'kubernetes.io/config.mirror';
const NEITHER = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
const BOTH = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';

const validateClaims = (
  field: string,
  claims: readonly PodResourceClaim[] | undefined,
  { metadata }: PodRules,
): FieldError[] => {
  const seen = new Set<string>();
  return each(field, claims, (claim, path) => {
    if (metadata?.annotations?.[MIRROR] !== undefined) {
      return [forbidden('', 'static pods do not support resource claims')];
    }
    const { name = '', resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    const at = child(path, 'name');
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(at));
    else if (seen.has(name)) errors.push(duplicate(at, name));
    else errors.push(...invalidEach(at, name, dns1123Label(name)));
    if (name !== '') seen.add(name);
    if (own !== undefined && template !== undefined) errors.push(invalid(path, shownResourceClaim(claim), BOTH));
    if (own === undefined && template === undefined) errors.push(invalid(path, shownResourceClaim(claim), NEITHER));
    for (const [part, value] of Object.entries({ resourceClaimName: own, resourceClaimTemplateName: template })) {
      if (value !== undefined) errors.push(...invalidEach(child(path, part), value, dns1123Subdomain(value)));
    }
    return errors;
  });
};

const validateAliases = (field: string, aliases: readonly HostAlias[] | undefined): FieldError[] =>
  each(field, aliases, ({ ip, hostnames }, path) => [
    ...address(child(path, 'ip'), ip),
    ...each(child(path, 'hostnames'), hostnames, (name, at) => invalidEach(at, name, dns1123Subdomain(name))),
  ]);

const MOST_HOSTNAME = 64;

const validateHostname = (field: string, spec: PodSpec): FieldError[] => {
  const { hostnameOverride: name } = spec;
  if (name === undefined) return [];
  const wrong = [
    spec.setHostnameAsFQDN === true ? 'may not be specified when setHostnameAsFQDN is true' : '',
    spec.hostNetwork === true ? 'may not be specified when hostNetwork is true' : '',
  ].filter((detail) => detail !== '');
  return [
    ...wrong.map((detail) => forbidden(field, detail)),
    ...(Buffer.byteLength(name) > MOST_HOSTNAME ? [tooLong(field, MOST_HOSTNAME)] : []),
    ...invalidEach(field, name, dns1123Subdomain(name)),
  ];
};

const RESTARTS = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const MAX_SECONDS = 2 ** 31 - 1;

/** What says where a pod goes and how it is named there. */
const validatePlace = (spec: PodSpec, field: string): FieldError[] => [
  ...optionalText(child(field, 'serviceAccountName'), spec.serviceAccountName, dns1123Subdomain),
  ...optionalText(child(field, 'nodeName'), spec.nodeName, dns1123Subdomain),
  ...inRange(child(field, 'activeDeadlineSeconds'), spec.activeDeadlineSeconds, 1, MAX_SECONDS),
  ...optionalText(child(field, 'hostname'), spec.hostname, dns1123Label),
  ...optionalText(child(field, 'subdomain'), spec.subdomain, dns1123Label),
  ...validateTolerations(child(field, 'tolerations'), spec.tolerations),
  ...validateAliases(child(field, 'hostAliases'), spec.hostAliases),
  ...optionalText(child(field, 'priorityClassName'), spec.priorityClassName, dns1123Subdomain),
  ...(spec.runtimeClassName === undefined
    ? []
    : invalidEach(child(field, 'runtimeClassName'), spec.runtimeClassName, dns1123Subdomain(spec.runtimeClassName))),
  ...(spec.preemptionPolicy === undefined
    ? []
    : requiredOneOf(child(field, 'preemptionPolicy'), spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])),
  ...validateOverhead(child(field, 'overhead'), spec.overhead),
  ...validateOs(field, spec),
];

/** The rules for the spec of a pod and of every template of pods. */
export const validatePodSpec = (spec: PodSpec, field: string, rules: PodRules = OF_TEMPLATE): FieldError[] => {
  const { errors, volumes } = validateVolumes(child(field, 'volumes'), spec.volumes, rules);
  return [
    ...(spec.terminationGracePeriodSeconds === undefined
      ? [required(child(field, 'terminationGracePeriodSeconds'))]
      : []),
    ...errors,
    ...validateClaims(child(field, 'resourceClaims'), spec.resourceClaims, rules),
    ...validateContainers(field, spec, volumes, rules),
    ...validatePodResources(child(field, 'resources'), spec, rules),
    ...validateHostPorts(field, spec, rules),
    ...requiredOneOf(child(field, 'restartPolicy'), spec.restartPolicy, RESTARTS),
    ...requiredOneOf(child(field, 'dnsPolicy'), spec.dnsPolicy, DNS_POLICIES),
    ...validateLabels(child(field, 'nodeSelector'), spec.nodeSelector),
    ...validatePodSecurityContext(child(field, 'securityContext'), spec, rules),
    ...validateAffinity(child(field, 'affinity'), spec.affinity, rules),
    ...validateDns(child(field, 'dnsConfig'), spec.dnsConfig, spec.dnsPolicy),
    ...each(child(field, 'readinessGates'), spec.readinessGates, ({ conditionType = '' }, path) =>
      invalidEach(child(path, 'conditionType'), conditionType, qualifiedName(conditionType)),
    ),
    ...validateGates(child(field, 'schedulingGates'), spec.schedulingGates),
    ...validateSpread(child(field, 'topologySpreadConstraints'), spec.topologySpreadConstraints, rules),
    ...validateHostProcess(field, spec),
    ...validateHostUsers(field, spec, rules),
    ...validateHostname(child(field, 'hostnameOverride'), spec),
    ...validatePlace(spec, field),
    ...validateFileVariables(field, spec),
  ];
};

/** The rules for a template of pods; `restartPolicies` are those that its controller can run. */
export const validatePodTemplate = (
  template: PodTemplateSpec | undefined,
  field: string,
  restartPolicies?: readonly string[],
  rules: PodRules = OF_TEMPLATE,
): FieldError[] => {
  if (template === undefined) return [required(field)];
  const { spec = { containers: [] } } = template;
  const annotations = template.metadata?.annotations;
  const errors = [
    ...validateLabels(child(field, 'labels'), template.metadata?.labels),
    ...validateAnnotations(child(field, 'annotations'), annotations),
    ...validatePodAnnotations(child(field, 'annotations'), annotations, spec, rules),
    ...validatePodSpec(spec, child(field, 'spec'), rules),
    ...validateProfilesMatch(child(field, 'spec'), annotations, spec),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(
      forbidden(child(field, 'spec.ephemeralContainers'), 'ephemeral containers not allowed in pod template'),
    );
  }
  if (restartPolicies !== undefined) {
    errors.push(...oneOf(child(field, 'spec.restartPolicy'), spec.restartPolicy, restartPolicies));
  }
  return errors;
};
