import type { KubeObject } from './object.js';

/** A kind by its names on the wire: `{ apiVersion: 'apps/v1', kind: 'Deployment' }`. */
export interface KindRef {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A kind whose objects have a known type: `client.get(Deployment, key)` returns a Deployment. */
export interface KindOf<T extends KubeObject = KubeObject> extends KindRef {
  /** Carries the type only; never present at run time. */
  readonly objectType?: T;
}

/** The group of an apiVersion: `apps` for `apps/v1`, the empty string for `v1`. */
export const groupOf = (apiVersion: string): string => {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
};

/** The version of an apiVersion: `v1` for both `apps/v1` and `v1`. */
export const versionOf = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1);
