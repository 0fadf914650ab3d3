import type { Container, Pod } from '../../../objects/kinds/core-v1.js';
import { compareQuantities, parseQuantity } from '../../../objects/quantity.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

type Amounts = Readonly<Record<string, string | number>> | undefined;

const isSet = (amounts: Amounts, name: string): boolean => {
  const amount = amounts?.[name];
  return amount !== undefined && parseQuantity(amount).nanos !== 0n;
};

/** Every compute resource is limited, and what is requested is the limit. */
const isGuaranteed = ({ resources }: Pick<Container, 'resources'>): boolean =>
  COMPUTE.every((name) => {
    const limit = resources?.limits?.[name];
    if (limit === undefined || !isSet(resources?.limits, name)) return false;
    const request = resources?.requests?.[name];
    return request === undefined || compareQuantities(parseQuantity(request), parseQuantity(limit)) === 0;
  });

const isBestEffort = ({ resources }: Pick<Container, 'resources'>): boolean =>
  COMPUTE.every((name) => !isSet(resources?.requests, name) && !isSet(resources?.limits, name));

/** The quality of service class; resources of the pod itself count instead of those of its containers. */
export const qosClass = (pod: Pod): QosClass => {
  const own = pod.spec.resources;
  const all = own === undefined ? [...(pod.spec.initContainers ?? []), ...pod.spec.containers] : [{ resources: own }];
  if (all.every(isBestEffort)) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
};
