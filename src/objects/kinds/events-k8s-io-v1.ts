// Kubernetes 1.35.2, events.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as coreV1 from './core-v1.js';
import type * as metaV1 from './meta-v1.js';

export interface Event extends KubeObject {
  readonly eventTime: string;
  readonly series?: EventSeries;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly regarding?: coreV1.ObjectReference;
  readonly related?: coreV1.ObjectReference;
  readonly note?: string;
  readonly type?: string;
  readonly deprecatedSource?: coreV1.EventSource;
  readonly deprecatedFirstTimestamp?: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedCount?: number;
}

export const Event: KindOf<Event> = { apiVersion: 'events.k8s.io/v1', kind: 'Event' };

export interface EventSeries {
  readonly count: number;
  readonly lastObservedTime: string;
}

export interface EventList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly Event[];
}
