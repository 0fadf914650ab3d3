import type { KubeObject } from '../../objects/object.js';

/** Metadata that the server writes: never a difference. */
const SERVER_METADATA = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'uid',
  'selfLink',
]);

/**
 * What of an object takes part in a comparison: everything but its status and what the server writes. Of a child
 * Application, what its own controller and clients write (`operation`, the refresh request) is left out too.
 */
export const comparable = (object: KubeObject): KubeObject => {
  const { status: _status, metadata, ...rest } = object;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => !SERVER_METADATA.has(name)));
  const { operation: _operation, ...withoutOperation } = rest as typeof rest & { readonly operation?: unknown };
  const isApplication = object.kind === 'Application' && object.apiVersion.startsWith('argoproj.io/');
  return { ...(isApplication ? withoutOperation : rest), metadata: kept } as unknown as KubeObject;
};
