import type { KubeObject } from '../../../objects/object.js';

/** The fields of an Event that `v1` and `events.k8s.io/v1` call differently: [in `v1`, in `events.k8s.io/v1`]. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

/** An Event of `v1` as one of `events.k8s.io/v1`, and back. */
export const convertEvent = (event: KubeObject, apiVersion: string): KubeObject => {
  const toCore = apiVersion === 'v1';
  const names = new Map(RENAMED.map(([core, events]) => (toCore ? [events, core] : [core, events])));
  const fields = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value] as const);
  return { ...(Object.fromEntries(fields) as unknown as KubeObject), apiVersion };
};
