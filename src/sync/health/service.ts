import type { Service } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';

export const serviceHealth = (object: KubeObject): Health => {
  const { spec, status } = object as Service;
  if (spec?.type !== 'LoadBalancer') return { status: 'Healthy' };
  return (status?.loadBalancer?.ingress ?? []).length > 0
    ? { status: 'Healthy' }
    : { status: 'Progressing', message: 'Waiting for a load balancer address' };
};
