import type { Ingress } from '../../objects/kinds/networking-k8s-io-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';

export const ingressHealth = (object: KubeObject): Health => {
  const { status } = object as Ingress;
  return (status?.loadBalancer?.ingress ?? []).length > 0
    ? { status: 'Healthy' }
    : { status: 'Progressing', message: 'Waiting for an ingress controller to publish an address' };
};
