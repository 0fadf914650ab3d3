import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type { Condition } from '../../../objects/conditions.js';
import { isApiError } from '../../../objects/api-error.js';
import { jsonEquals } from '../../../objects/json.js';
import type { Store } from '../../store/store.js';
import type { ApiService } from '../registration/api-services.js';
import type { Aggregator } from './aggregator.js';

const AGAIN_MS = 30_000;
/** A server that does not answer may be about to start. */
const SOON_MS = 2000;

interface Parts {
  readonly aggregator: Aggregator;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Writes the condition of an APIService. */
  write(service: ApiService, condition: Condition): Promise<void>;
}

/** Asks aggregated servers, each for itself, whether they answer: at every change of their APIService, and in between. */
export class RemoteChecks {
  readonly #running = new Map<string, { readonly spec: ApiService['spec']; readonly stop: AbortController }>();

  constructor(private readonly parts: Parts) {}

  /** Begins to ask; begins anew when the APIService leads elsewhere now. */
  start({ metadata: { name }, spec }: ApiService): void {
    if (jsonEquals(this.#running.get(name)?.spec, spec)) return;
    this.#running.get(name)?.stop.abort();
    const stop = new AbortController();
    this.#running.set(name, { spec, stop });
    void this.#ask(name, AbortSignal.any([this.parts.signal, stop.signal]));
  }

  stop(name: string): void {
    this.#running.get(name)?.stop.abort();
    this.#running.delete(name);
    this.parts.aggregator.forget(name);
  }

  async #ask(name: string, signal: AbortSignal): Promise<void> {
    const { aggregator, clock, log } = this.parts;
    while (!signal.aborted) {
      const service = this.#stored(name);
      if (service === undefined) return;
      try {
        const condition = await aggregator.check(service, signal);
        await this.parts.write(this.#stored(name) ?? service, condition);
        await clock.sleep(condition.status === 'True' ? AGAIN_MS : SOON_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) {
          log.warn({ err: error, apiService: name }, 'cannot write whether an aggregated server answers');
          await clock.sleep(SOON_MS, signal).catch(() => undefined);
        }
      }
    }
  }

  #stored(name: string): ApiService | undefined {
    return this.parts.store.get(`/registry/apiregistration.k8s.io/apiservices/${name}`)?.object as
      | ApiService
      | undefined;
  }
}
