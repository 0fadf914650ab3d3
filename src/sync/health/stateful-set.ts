import type { StatefulSet } from '../../objects/kinds/apps-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';
import { waiting } from './waiting.js';

export const statefulSetHealth = (object: KubeObject): Health => {
  const { metadata, spec, status } = object as StatefulSet;
  const observed = status?.observedGeneration ?? 0;
  if (status === undefined || observed === 0 || (metadata.generation ?? 0) > observed) {
    return waiting('the newest spec is not observed yet');
  }
  const ready = status.readyReplicas ?? 0;
  if (spec.replicas !== undefined && ready < spec.replicas) {
    return waiting(`${ready} of ${spec.replicas} replicas are ready`);
  }
  if (spec.updateStrategy?.type === 'OnDelete') return { status: 'Healthy', message: `${ready} replicas are ready` };
  const partition = spec.updateStrategy?.rollingUpdate?.partition;
  if (spec.updateStrategy?.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate !== undefined) {
    const wanted = (spec.replicas ?? 1) - (partition ?? 0);
    const updated = status.updatedReplicas ?? 0;
    if (updated < wanted) return waiting(`${updated} of ${wanted} replicas are updated`);
    return { status: 'Healthy', message: `${updated} replicas are updated` };
  }
  if (status.updateRevision !== status.currentRevision) return waiting('replicas of the old revision are still there');
  return { status: 'Healthy', message: `${ready} replicas are ready` };
};
