import type { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type { IngressClass, NetworkPolicy } from '../../../objects/kinds/networking-k8s-io-v1.js';
import type { Draft } from './draft.js';

export const defaultNetworkPolicy = ({ spec }: Draft<NetworkPolicy>): void => {
  if (spec === undefined) return;
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])];
  for (const port of rules.flatMap((rule) => rule.ports ?? [])) port.protocol ??= 'TCP';
  if ((spec.policyTypes ?? []).length > 0) return;
  spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
};

export const defaultIngressClass = ({ spec }: Draft<IngressClass>): void => {
  if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
};

export const defaultEndpointSlice = ({ ports }: Draft<EndpointSlice>): void => {
  for (const port of ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
};
