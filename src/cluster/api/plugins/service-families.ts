import type { Service, ServiceSpec } from '../../../objects/kinds/core-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { invalid as wrong } from '../../admission/field-errors.js';
import { validateClusterIps } from '../../admission/validation/service.js';
import { invalid, type FieldProblem } from '../status-errors.js';
import { isNamed, sameAddresses } from './service-forms.js';

/** The one family of addresses that the cluster has. */
const FAMILY = 'IPv4';
const OTHER = 'IPv6';
const POLICY = 'spec.ipFamilyPolicy';

/** A Service without an address and a selector may lead anywhere. */
const leadsAnywhere = ({ clusterIP, selector = {} }: ServiceSpec): boolean =>
  clusterIP === 'None' && Object.keys(selector).length === 0;

const refuse = (name: string, problems: readonly FieldProblem[]): void => {
  if (problems.length > 0) throw invalid({ group: '', kind: 'Service' }, name, problems);
};

/** The policy that is asked for, the one from before, or the one that fits. */
const policyOf = (spec: ServiceSpec, before: ServiceSpec | undefined): string =>
  spec.ipFamilyPolicy ?? before?.ipFamilyPolicy ?? (leadsAnywhere(spec) ? 'RequireDualStack' : 'SingleStack');

const isLess = (now: readonly string[] = [], old: readonly string[] = []): boolean =>
  now.length > 0 && now.length < old.length;

/** A Service that wants one family gives back the second address, one that wants two may not. */
const releaseProblems = (spec: ServiceSpec, before: ServiceSpec, policy: string): readonly FieldProblem[] => {
  const release = (what: string): FieldProblem =>
    wrong(POLICY, policy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isLess(spec.clusterIPs, before.clusterIPs) ? [release('cluster IP')] : []),
    ...(isLess(spec.ipFamilies, before.ipFamilies) ? [release('IP family')] : []),
  ];
};

const policyProblems = ({ clusterIPs = [], ipFamilies = [] }: ServiceSpec, policy: string): readonly FieldProblem[] => {
  if (policy !== 'SingleStack') return [];
  const several = (what: string): FieldProblem =>
    wrong(POLICY, policy, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  return [
    ...(clusterIPs.length === 2 ? [several('cluster IPs')] : []),
    ...(ipFamilies.length === 2 ? [several('IP families')] : []),
  ];
};

const addressProblems = ({ clusterIPs: all = [], ipFamilies = [] }: ServiceSpec): readonly FieldProblem[] =>
  all.flatMap((address, index) =>
    address.includes(':') && index >= ipFamilies.length
      ? [wrong(`spec.clusterIPs[${index}]`, all, `${OTHER} is not configured on this cluster`)]
      : [],
  );

const supportProblems = (families: readonly string[], policy: string): readonly FieldProblem[] => [
  ...(policy === 'RequireDualStack'
    ? [wrong(POLICY, policy, 'this cluster is not configured for dual-stack services')]
    : []),
  ...families.flatMap((family, index) =>
    family === FAMILY ? [] : [wrong(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')],
  ),
];

/** The first of each, where one family is wanted and the lists are still those of two. */
const released = (spec: ServiceSpec, before: ServiceSpec | undefined, policy: string): ServiceSpec => {
  const { clusterIPs, ipFamilies } = spec;
  if (before === undefined || policy !== 'SingleStack') return spec;
  return {
    ...spec,
    ...(clusterIPs !== undefined && sameAddresses(spec, before) ? { clusterIPs: clusterIPs.slice(0, 1) } : {}),
    ...(ipFamilies !== undefined && jsonEquals(ipFamilies, before.ipFamilies ?? [])
      ? { ipFamilies: ipFamilies.slice(0, 1) }
      : {}),
  };
};

/** The families of a Service, and its policy about them, filled in. Throws Invalid for what the cluster does not have. */
export const withFamilies = (service: Service, before: ServiceSpec | undefined): ServiceSpec => {
  const { name } = service.metadata;
  if (isNamed(service.spec)) return service.spec;
  const ipFamilyPolicy = policyOf(service.spec, before);
  const asked = { ...service.spec, ipFamilyPolicy };
  refuse(name, validateClusterIps({ ...service, spec: asked }));
  const spec = released(asked, before, ipFamilyPolicy);
  refuse(name, [
    ...(before !== undefined && ipFamilyPolicy !== 'SingleStack' ? releaseProblems(spec, before, ipFamilyPolicy) : []),
    ...policyProblems(spec, ipFamilyPolicy),
    ...addressProblems(spec),
  ]);
  const isOpen = leadsAnywhere(spec);
  if (!isOpen) refuse(name, supportProblems(spec.ipFamilies ?? [], ipFamilyPolicy));
  const [first = FAMILY, second] = spec.ipFamilies ?? [];
  const last = second ?? (first === FAMILY ? OTHER : FAMILY);
  const ipFamilies = isOpen && ipFamilyPolicy !== 'SingleStack' ? [first, last] : [first];
  return { ...spec, ipFamilies };
};
