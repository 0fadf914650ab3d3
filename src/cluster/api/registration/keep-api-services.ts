import { randomUUID } from 'node:crypto';
import { isApiError } from '../../../objects/api-error.js';
import { setCondition, timestamp, type Condition } from '../../../objects/conditions.js';
import { jsonEquals } from '../../../objects/json.js';
import type { Client } from '../../client/client.js';
import { StoreError } from '../../store/store.js';
import type { Machinery } from '../operations/machinery.js';
import type { Aggregator } from '../aggregation/aggregator.js';
import { RemoteChecks } from '../aggregation/remote-checks.js';
import { API_SERVICE, isManaged, localAvailability, servedApiServices, type ApiService } from './api-services.js';

const PREFIX = '/registry/apiregistration.k8s.io/apiservices/';
const AGAIN_MS = 5000;
const RACES = ['Conflict', 'NotFound', 'AlreadyExists'] as const;

const isRace = (error: unknown): boolean =>
  RACES.some((reason) => isApiError(error, reason)) || (error instanceof StoreError && error.code === 'exists');

type Parts = Pick<Machinery, 'store' | 'registry' | 'clock' | 'log'> & { readonly aggregator: Aggregator };

/** Makes the APIServices of what is served, then keeps them until the signal fires. */
export const keepApiServices = async (parts: Parts, client: Client, signal: AbortSignal): Promise<void> => {
  const keeper = new ApiServiceKeeper(parts, client, signal);
  const { revision } = parts.store;
  await keeper.settleAll();
  void keepFollowing(keeper, parts, revision, signal);
};

/** A reader that falls behind begins again: with the state that is there. */
const keepFollowing = async (
  keeper: ApiServiceKeeper,
  { store, clock, log }: Parts,
  revision: number,
  signal: AbortSignal,
): Promise<void> => {
  for (let from = revision; !signal.aborted; ) {
    try {
      await keeper.follow(from);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, 'APIServices are followed anew');
      await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      from = store.revision;
      await keeper.settleAll();
    }
  }
};

/** Keeps an APIService for every group version that is served, and says of every other one whether it is. */
class ApiServiceKeeper {
  readonly #parts: Parts;
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #checks: RemoteChecks;
  #served: ReadonlyMap<string, ApiService | undefined> = new Map();

  constructor(parts: Parts, client: Client, signal: AbortSignal) {
    this.#parts = parts;
    this.#client = client;
    this.#signal = signal;
    this.#checks = new RemoteChecks({ ...parts, signal, write: (service, condition) => this.#say(service, condition) });
  }

  /** Brings all objects into their form; nothing is written where they have it. */
  async settleAll(): Promise<void> {
    this.#served = servedApiServices(this.#parts.registry.all);
    const stored = this.#parts.store.list(PREFIX).items.map(({ object }) => object.metadata.name);
    await Promise.all([...new Set([...this.#served.keys(), ...stored])].map((name) => this.#settle(name)));
  }

  /** Follows the objects from a revision on, and what is served, until the signal fires. */
  async follow(revision: number): Promise<void> {
    let isDue = false;
    const unsubscribe = this.#parts.registry.onChange(() => {
      if (isDue) return;
      isDue = true;
      setImmediate(() => {
        isDue = false;
        if (!this.#signal.aborted) this.#servedChanged();
      });
    });
    try {
      for await (const { stored } of this.#parts.store.watch(PREFIX, revision, this.#signal)) {
        await this.#settle(stored.object.metadata.name);
      }
    } finally {
      unsubscribe();
    }
  }

  #servedChanged(): void {
    const before = this.#served;
    this.#served = servedApiServices(this.#parts.registry.all);
    for (const name of new Set([...before.keys(), ...this.#served.keys()])) {
      if (before.has(name) !== this.#served.has(name)) void this.#settle(name);
    }
  }

  /** Whatever it races with brings an event, after which it is settled again. */
  async #settle(name: string): Promise<void> {
    try {
      await this.#write(name);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (isRace(error)) return;
      this.#parts.log.warn({ err: error, apiService: name }, 'cannot keep an APIService; tried again');
      void this.#settleLater(name);
    }
  }

  async #settleLater(name: string): Promise<void> {
    try {
      await this.#parts.clock.sleep(AGAIN_MS, this.#signal);
    } catch {
      return;
    }
    await this.#settle(name);
  }

  async #write(name: string): Promise<void> {
    const stored = this.#parts.store.get(PREFIX + name)?.object as ApiService | undefined;
    const wanted = this.#served.get(name);
    if (stored?.spec?.service === undefined || this.#served.has(name)) this.#checks.stop(name);
    if (stored === undefined) {
      if (wanted !== undefined) await this.#create(wanted);
      return;
    }
    if (stored.metadata.deletionTimestamp !== undefined) return;
    if (!isManaged(stored)) {
      await this.#writeStatus(stored);
    } else if (wanted === undefined) {
      const { uid } = stored.metadata;
      await this.#client.delete(API_SERVICE, { name }, uid === undefined ? {} : { preconditions: { uid } });
    } else {
      const isRight = jsonEquals(stored.spec, wanted.spec);
      await this.#writeStatus(isRight ? stored : await this.#client.update({ ...stored, spec: wanted.spec }));
    }
  }

  /**
   * Born with its status, straight into the store: twenty of them are made at the first start, which should not wait
   * for twice as many requests, and no webhook that fails may keep them away.
   */
  async #create(wanted: ApiService): Promise<void> {
    const { store, clock } = this.#parts;
    const { name, labels } = wanted.metadata;
    const creationTimestamp = timestamp(clock.now());
    const conditions = [{ ...localAvailability(wanted), lastTransitionTime: creationTimestamp }];
    const metadata = { name, uid: randomUUID(), creationTimestamp, ...(labels === undefined ? {} : { labels }) };
    const object: ApiService = { ...wanted, metadata, status: { conditions } };
    await store.commit({ type: 'create', key: PREFIX + name, object });
  }

  async #writeStatus(service: ApiService): Promise<void> {
    const { name } = service.metadata;
    if (service.spec?.service !== undefined && !this.#served.has(name)) this.#checks.start(service);
    else await this.#say(service, localAvailability(service));
  }

  async #say(service: ApiService, condition: Condition): Promise<void> {
    const before = service.status?.conditions ?? [];
    const conditions = setCondition(before, condition, timestamp(this.#parts.clock.now()));
    if (conditions !== before)
      await this.#client.updateStatus({ ...service, status: { ...service.status, conditions } });
  }
}
