import type { Endpoints, Service } from '../../../objects/kinds/core-v1.js';
import { goQuote } from '../field-errors.js';
import { addressWarnings, rangeWarnings } from './addresses.js';

const HINTS = 'service.kubernetes.io/topology-aware-hints';

const each = (name: string, list: readonly string[], rule: typeof addressWarnings): readonly string[] =>
  list.flatMap((value, index) => rule(`spec.${name}[${index}]`, value));

export const serviceWarnings = ({ metadata, spec }: Service): readonly string[] => {
  const { type, clusterIP = '', clusterIPs = [], externalIPs = [], loadBalancerIP = '', externalName = '' } = spec;
  const isHeadless = type === 'ClusterIP' && clusterIP === 'None';
  const isName = type === 'ExternalName';
  return [
    ...(metadata.annotations?.[HINTS] === undefined
      ? []
      : [`annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`]),
    ...(clusterIP === '' || clusterIP === 'None' ? [] : each('clusterIPs', clusterIPs, addressWarnings)),
    ...(isHeadless && loadBalancerIP !== '' ? ['spec.loadBalancerIP is ignored for headless services'] : []),
    ...(isHeadless && externalIPs.length > 0 ? ['spec.externalIPs is ignored for headless services'] : []),
    ...(isHeadless && spec.sessionAffinity !== 'None' ? ['spec.SessionAffinity is ignored for headless services'] : []),
    ...each('externalIPs', externalIPs, addressWarnings),
    ...(externalIPs.length > 0 && !isHeadless && !isName
      ? ['spec.externalIPs is deprecated and may no longer be implemented in some clusters']
      : []),
    ...(loadBalancerIP === '' ? [] : addressWarnings('spec.loadBalancerIP', loadBalancerIP)),
    ...each('loadBalancerSourceRanges', spec.loadBalancerSourceRanges ?? [], rangeWarnings),
    ...(isName && externalIPs.length > 0 ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : []),
    ...(!isName && externalName !== '' ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : []),
    ...(spec.trafficDistribution === 'PreferClose'
      ? [`spec.trafficDistribution: ${goQuote('PreferClose')} is deprecated; use ${goQuote('PreferSameZone')}`]
      : []),
  ];
};

export const endpointsWarnings = ({ metadata, subsets = [] }: Endpoints): readonly string[] => {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return subsets.flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, at) => addressWarnings(`subsets[${index}].${list}[${at}].ip`, ip)),
    ),
  );
};
