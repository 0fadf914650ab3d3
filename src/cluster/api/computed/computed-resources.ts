import type { KubeObject } from '../../../objects/object.js';
import type { RequestContext } from '../request.js';

/** Objects that nobody stores: they are made when they are asked for. By `group/plural`. */
export type ComputedResources = Readonly<Record<string, (context: RequestContext) => Promise<readonly KubeObject[]>>>;

/** The parts of the control plane, as `kubectl get componentstatuses` shows them: they live and die with this process. */
export const componentStatuses = async (): Promise<readonly KubeObject[]> =>
  ['controller-manager', 'etcd-0', 'scheduler'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  }));
