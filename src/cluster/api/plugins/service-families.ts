import type { ServiceSpec } from '../../../objects/kinds/core-v1.js';
import { invalid, type FieldProblem } from '../status-errors.js';

/** The one family of addresses that the cluster has. */
const FAMILY = 'IPv4';
const OTHER = 'IPv6';

const wrong = (field: string, value: unknown, why: string): FieldProblem => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

/** A Service without an address and a selector may lead anywhere. */
const leadsAnywhere = ({ clusterIP, selector = {} }: ServiceSpec): boolean =>
  clusterIP === 'None' && Object.keys(selector).length === 0;

/** The families of a Service, and its policy about them, filled in. Throws Invalid for what the cluster does not have. */
export const withFamilies = (spec: ServiceSpec, current: ServiceSpec | undefined, name: string): ServiceSpec => {
  if (spec.type === 'ExternalName') return spec;
  const isOpen = leadsAnywhere(spec);
  const ipFamilyPolicy =
    spec.ipFamilyPolicy ?? current?.ipFamilyPolicy ?? (isOpen ? 'RequireDualStack' : 'SingleStack');
  const asked = spec.ipFamilies ?? [];
  const problems = [...policyProblems(spec, ipFamilyPolicy), ...addressProblems(spec)];
  if (problems.length === 0 && !isOpen) problems.push(...supportProblems(asked, ipFamilyPolicy));
  if (problems.length > 0) throw invalid({ group: '', kind: 'Service' }, name, problems);
  const [first = FAMILY, second] = asked;
  const last = second ?? (first === FAMILY ? OTHER : FAMILY);
  const ipFamilies = isOpen && ipFamilyPolicy !== 'SingleStack' ? [first, last] : [first];
  return { ...spec, ipFamilyPolicy, ipFamilies };
};

const policyProblems = ({ clusterIPs = [], ipFamilies = [] }: ServiceSpec, policy: string): readonly FieldProblem[] => {
  if (policy !== 'SingleStack') return [];
  const several = (what: string): FieldProblem =>
    wrong(
      'spec.ipFamilyPolicy',
      policy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(clusterIPs.length === 2 ? [several('cluster IPs')] : []),
    ...(ipFamilies.length === 2 ? [several('IP families')] : []),
  ];
};

const addressProblems = ({ clusterIP, clusterIPs, ipFamilies = [] }: ServiceSpec): readonly FieldProblem[] => {
  const all = clusterIPs ?? (clusterIP === undefined || clusterIP === '' ? [] : [clusterIP]);
  return all.flatMap((address, index) =>
    address.includes(':') && index >= ipFamilies.length
      ? [wrong(`spec.clusterIPs[${index}]`, all, `${OTHER} is not configured on this cluster`)]
      : [],
  );
};

const supportProblems = (families: readonly string[], policy: string): readonly FieldProblem[] => [
  ...(policy === 'RequireDualStack'
    ? [wrong('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services')]
    : []),
  ...families.flatMap((family, index) =>
    family === FAMILY ? [] : [wrong(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')],
  ),
];
