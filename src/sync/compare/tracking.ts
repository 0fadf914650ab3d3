import type { KubeObject } from '../../objects/object.js';
import type { ResourceId } from './resource-id.js';
import { resourceIdOf, resourceIdText } from './resource-id.js';

export const TRACKING_ID = 'argocd.argoproj.io/tracking-id';

/** The value that marks an object as deployed by an application: `<app>:<group>/<kind>:<namespace>/<name>`. */
export const trackingId = (instance: string, id: ResourceId): string => `${instance}:${resourceIdText(id)}`;

/** The object with its tracking id. */
export const withTracking = (object: KubeObject, instance: string): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [TRACKING_ID]: trackingId(instance, resourceIdOf(object)) },
  },
});

/**
 * The application that deployed an object; undefined when none did. The id must name the object itself: controllers
 * copy annotations to what they make (a Deployment's to its ReplicaSets), and a copy is nobody's.
 */
export const trackedBy = (object: KubeObject): string | undefined => {
  const value = object.metadata.annotations?.[TRACKING_ID];
  if (value === undefined) return undefined;
  const colon = value.indexOf(':');
  if (colon <= 0) return undefined;
  return value.slice(colon + 1) === resourceIdText(resourceIdOf(object)) ? value.slice(0, colon) : undefined;
};
