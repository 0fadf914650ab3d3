import type { DaemonSet } from '../../objects/kinds/apps-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';
import { waiting } from './waiting.js';

export const daemonSetHealth = (object: KubeObject): Health => {
  const { metadata, spec, status } = object as DaemonSet;
  if (status === undefined || (metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return waiting('the newest spec is not observed yet');
  }
  if (spec.updateStrategy?.type === 'OnDelete') return { status: 'Healthy' };
  const { desiredNumberScheduled: desired, updatedNumberScheduled = 0, numberAvailable = 0 } = status;
  if (updatedNumberScheduled < desired) return waiting(`${updatedNumberScheduled} of ${desired} pods are updated`);
  if (numberAvailable < desired) return waiting(`${numberAvailable} of ${desired} pods are available`);
  return { status: 'Healthy' };
};
