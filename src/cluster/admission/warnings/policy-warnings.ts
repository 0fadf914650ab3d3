import type { ResourceQuota } from '../../../objects/kinds/core-v1.js';
import type { Ingress, NetworkPolicy } from '../../../objects/kinds/networking-k8s-io-v1.js';
import type { RuntimeClass } from '../../../objects/kinds/node-k8s-io-v1.js';
import type { CSIDriver, StorageClass } from '../../../objects/kinds/storage-k8s-io-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { compareQuantities, formatQuantity, parseQuantity, type ResourceList } from '../../../objects/quantity.js';
import { rangeWarnings } from './addresses.js';
import { deprecatedNodeLabel } from './node-labels.js';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export const ingressWarnings = ({ metadata, spec }: Ingress, old: Ingress | undefined): readonly string[] =>
  old === undefined && metadata.annotations?.[CLASS_ANNOTATION] !== undefined && spec?.ingressClassName === undefined
    ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
    : [];

export const networkPolicyWarnings = ({ spec }: NetworkPolicy): readonly string[] => {
  const peers = [
    ...(spec?.ingress ?? []).map(({ from = [] }, index) => [`spec.ingress[${index}].from`, from] as const),
    ...(spec?.egress ?? []).map(({ to = [] }, index) => [`spec.egress[${index}].to`, to] as const),
  ];
  return peers.flatMap(([field, each]) =>
    each.flatMap(({ ipBlock }, index) => {
      if (ipBlock === undefined) return [];
      const path = `${field}[${index}].ipBlock`;
      const except = (ipBlock.except ?? []).map((range, at) => rangeWarnings(`${path}.except[${at}]`, range));
      return [...rangeWarnings(`${path}.cidr`, ipBlock.cidr), ...except.flat()];
    }),
  );
};

const labelWarning = (field: string, label: string): readonly string[] => {
  const message = deprecatedNodeLabel(label);
  return message === undefined ? [] : [`${field}: ${message}`];
};

export const storageClassWarnings = ({ allowedTopologies = [] }: StorageClass): readonly string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, at) =>
      labelWarning(`allowedTopologies[${index}].matchLabelExpressions[${at}].key`, key),
    ),
  );

const TOKENS_IN_SECRETS =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

/** Tokens for a driver that gets them where they may be logged. */
export const driverWarnings = ({ spec }: CSIDriver, old: CSIDriver | undefined): readonly string[] => {
  const { tokenRequests = [], serviceAccountTokenInSecrets } = spec;
  const isChanged = old === undefined || !jsonEquals(tokenRequests, old.spec.tokenRequests ?? []);
  return tokenRequests.length > 0 && serviceAccountTokenInSecrets === undefined && isChanged ? [TOKENS_IN_SECRETS] : [];
};

export const runtimeClassWarnings = ({ scheduling }: RuntimeClass): readonly string[] =>
  Object.keys(scheduling?.nodeSelector ?? {}).flatMap((label) => labelWarning('scheduling.nodeSelector', label));

/** A quota that leaves more room for requests than for limits. */
export const quotaWarnings = ({ spec }: ResourceQuota, old: ResourceQuota | undefined): readonly string[] => {
  const hard: ResourceList = old === undefined ? (spec?.hard ?? {}) : {};
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const names = name.endsWith('storage') ? [`requests.${name}`] : [`requests.${name}`, name];
    const asked = names.find((each) => hard[each] !== undefined);
    const [request, limit] = [hard[asked ?? ''], hard[`limits.${name}`]].map((value) =>
      value === undefined ? undefined : parseQuantity(value),
    );
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return [];
    const texts = [request, limit].map((quantity) => formatQuantity(quantity));
    return [`ResourceQuota ${asked} (${texts[0]}) should be less than limits.${name} (${texts[1]})`];
  });
};
