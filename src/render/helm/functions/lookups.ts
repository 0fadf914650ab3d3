import type { GoMap } from '../template/values.js';
import { type Family, fn } from './define.js';

/** What `lookup` may read: the destination cluster with the rights of the application's project, or nothing. */
export type Lookup = (apiVersion: string, kind: string, namespace: string, name: string) => GoMap;

/** What templates get from outside their chart. */
export interface Outside {
  readonly lookup?: Lookup;
}

/** Helm's functions that look outside the chart. */
export const lookups: Family = {
  lookup: fn(['string', 'string', 'string', 'string'], (apiVersion, kind, namespace, name, frame) => {
    const { lookup } = frame.run.outside as Outside;
    return lookup === undefined ? new Map() : lookup(apiVersion, kind, namespace, name);
  }),
  // Helm resolves no names unless it is told to.
  getHostByName: fn(['string'], () => ''),
};
