import { ApiError } from '../../../../objects/api-error.js';
import { MASTERS, type UserInfo } from '../../../auth/user.js';
import type { RequestInfo } from './request-info.js';

/** What requests are held to; long-running ones are not. */
export interface RequestLimits {
  /** How many may be under way at once that change something. */
  readonly mutating: number;
  /** How many may be under way at once that read. */
  readonly readOnly: number;
  /** Milliseconds that one may take. */
  readonly requestMs: number;
}

export const DEFAULT_LIMITS: RequestLimits = { mutating: 200, readOnly: 400, requestMs: 60_000 };

export type RequestKind = 'mutating' | 'readOnly';

/** A request that has arrived. What it is becomes clearer as it is read. */
export interface Arrival {
  info: RequestInfo;
  readonly at: number;
  counted?: RequestKind | 'longRunning';
}

/** Told of each request when it is over. */
export type Observer = (info: RequestInfo, code: number, seconds: number) => void;

const READS = new Set(['GET', 'LIST']);
/** Whether a server lives must be told also, and above all, when it is busy. */
const PROBES = /^\/(?:healthz|livez|readyz)/;

/** Counts requests under way, and turns away what is too much. */
export class Traffic {
  readonly inFlight: Record<RequestKind, number> = { mutating: 0, readOnly: 0 };
  readonly dropped: Record<RequestKind, number> = { mutating: 0, readOnly: 0 };
  /** Long-running requests by what they are. */
  readonly longRunning = new Map<string, { readonly info: RequestInfo; count: number }>();
  observe: Observer = () => undefined;

  readonly limits: RequestLimits;

  constructor(limits: Partial<RequestLimits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  arrive(info: RequestInfo): Arrival {
    return { info, at: performance.now() };
  }

  /**
   * Lets a request in. Throws TooManyRequests, unless it is an administrator's: who is to mend what is wrong must get
   * through.
   */
  admit(arrival: Arrival, user: UserInfo): void {
    const { info } = arrival;
    if (info.isLongRunning) {
      arrival.counted = 'longRunning';
      this.#countLongRunning(info, 1);
      return;
    }
    if (PROBES.test(info.subresource)) return;
    const kind = READS.has(info.verb) ? 'readOnly' : 'mutating';
    if (this.inFlight[kind] >= this.limits[kind] && !user.groups.includes(MASTERS)) {
      this.dropped[kind] += 1;
      throw new ApiError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 1 });
    }
    this.inFlight[kind] += 1;
    arrival.counted = kind;
  }

  leave({ info, at, counted }: Arrival, code: number): void {
    if (counted === 'longRunning') this.#countLongRunning(info, -1);
    else if (counted !== undefined) this.inFlight[counted] -= 1;
    this.observe(info, code, (performance.now() - at) / 1000);
  }

  #countLongRunning(info: RequestInfo, by: number): void {
    const key = `${info.verb} ${info.group}/${info.version}/${info.resource}/${info.subresource} ${info.scope}`;
    const entry = this.longRunning.get(key) ?? { info, count: 0 };
    entry.count += by;
    if (entry.count === 0) this.longRunning.delete(key);
    else this.longRunning.set(key, entry);
  }
}
