import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import { Event } from '../../objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { isApiError } from '../../objects/api-error.js';
import type { Client } from './client.js';
import type { Correlated, Occurrence } from './event-correlator.js';
import { EventCorrelator } from './event-correlator.js';

/** Tells users what happened to an object, as `kubectl describe` and `kubectl events` show it. Best effort. */
export interface EventRecorder {
  event(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  /** Resolves when what was recorded so far is written or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  /** Who speaks: `deployment-controller`, `kubelet`. */
  readonly component: string;
  /** The node, for kubelets. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Events that wait to be written; more are dropped. Default 1,000. */
  readonly limit?: number;
}

/**
 * Writes core/v1 Events. Repetitions raise `count` of one Event; from the tenth message of one reason on, those
 * less than ten minutes apart are combined; an object that causes too many is silenced for a while: the limits of
 * client-go.
 */
export const createEventRecorder = (client: Client, options: EventRecorderOptions): EventRecorder => {
  const correlator = new EventCorrelator();
  const limit = options.limit ?? 1000;
  const waiting: Occurrence[] = [];
  let draining: Promise<void> = Promise.resolve();
  let busy = false;

  const write = async (occurrence: Occurrence): Promise<void> => {
    const decision = correlator.correlate(occurrence);
    if (decision === undefined) return;
    const time = timeText(occurrence.at);
    if (decision.known !== undefined) {
      try {
        const body = { count: decision.count, message: decision.message, lastTimestamp: time };
        await client.patch(Event, decision.known, { type: 'merge', body });
        return;
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
    const made = await client.create(eventOf(occurrence, decision, time, options));
    decision.written({ namespace: made.metadata.namespace ?? 'default', name: made.metadata.name });
  };

  const drain = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await write(next);
      } catch (error) {
        options.log.debug({ err: error, reason: next.reason }, 'event not written');
      }
    }
    busy = false;
  };

  return {
    event: (about, type, reason, message, fieldPath) => {
      if (waiting.length >= limit) {
        options.log.debug({ reason }, 'event dropped: too many wait');
        return;
      }
      const at = options.clock.now();
      waiting.push({ about, type, reason, message, at, ...(fieldPath === undefined ? {} : { fieldPath }) });
      if (busy) return;
      busy = true;
      draining = drain();
    },
    flush: () => draining,
  };
};

const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** Longest message that the API accepts. */
const MESSAGE_LIMIT = 1024;

let lastStamp = 0n;
/** Event names end in the time in nanoseconds, as client-go makes them; made unique within the process. */
const nameStamp = (ms: number): string => {
  const stamp = BigInt(ms) * 1_000_000n;
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n;
  return lastStamp.toString(16);
};

const eventOf = (
  occurrence: Occurrence,
  { message, count, combined }: Correlated,
  time: string,
  options: EventRecorderOptions,
): Event => {
  const { about, fieldPath, type, reason } = occurrence;
  const { namespace, name, uid, resourceVersion } = about.metadata;
  const key: ObjectKey = { namespace: namespace ?? 'default', name: `${name}.${nameStamp(occurrence.at)}` };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: key,
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    reason,
    message: message.length > MESSAGE_LIMIT ? message.slice(0, MESSAGE_LIMIT) : message,
    source: { component: options.component, ...(options.host === undefined ? {} : { host: options.host }) },
    firstTimestamp: time,
    lastTimestamp: time,
    count,
    type,
    // What is combined is told by nobody in particular.
    reportingComponent: combined ? '' : options.component,
    reportingInstance: combined ? '' : (options.host ?? ''),
  };
};
