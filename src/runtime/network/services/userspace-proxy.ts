import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import { keyText } from '../../../objects/object.js';
import type { ServiceEndpoints, Target } from '../service-endpoints.js';
import { ClientAffinity } from './affinity.js';
import type { ServicePortRule } from './service-ports.js';
import type { PickTarget, TcpRelay } from './tcp-relay.js';
import { listenAndRelay } from './tcp-relay.js';

interface Listener {
  readonly relay: Promise<TcpRelay | undefined>;
  /** The rule as it is now: a change of affinity needs no new listener. */
  rule: ServicePortRule;
}

/** Where a rule is served by a listener of this process. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Keeps one listener for each port of each Service, and passes connections on to endpoints. TCP only. */
export class UserspaceProxy {
  readonly #endpoints: ServiceEndpoints;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #addressOf: (rule: ServicePortRule) => ListenAddress | undefined;
  readonly #listeners = new Map<string, Listener>();

  /** `addressOf`: where to listen for a rule; undefined for not at all. */
  constructor(
    endpoints: ServiceEndpoints,
    clock: Clock,
    log: Logger,
    addressOf: (rule: ServicePortRule) => ListenAddress | undefined,
  ) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#log = log;
    this.#addressOf = addressOf;
  }

  /** Listens for exactly these rules. Resolves when all listeners stand or have been reported as impossible. */
  async update(rules: readonly ServicePortRule[]): Promise<void> {
    const wanted = new Map<string, readonly [ServicePortRule, ListenAddress]>();
    for (const rule of rules) {
      const address = rule.protocol === 'TCP' ? this.#addressOf(rule) : undefined;
      if (address !== undefined) wanted.set(`${rule.id} ${address.host}:${address.port}`, [rule, address]);
    }
    for (const [id, listener] of this.#listeners) {
      if (wanted.has(id)) continue;
      this.#listeners.delete(id);
      void listener.relay.then((relay) => relay?.close());
    }
    for (const [id, [rule, address]] of wanted) {
      const present = this.#listeners.get(id);
      if (present === undefined) this.#listen(id, rule, address);
      else present.rule = rule;
    }
    await Promise.all([...this.#listeners.values()].map(({ relay }) => relay));
  }

  async close(): Promise<void> {
    await this.update([]);
  }

  #listen(id: string, rule: ServicePortRule, address: ListenAddress): void {
    const affinity = new ClientAffinity(this.#clock);
    const pick: PickTarget = (client, tried) => this.#pick(listener.rule, affinity, client, tried);
    const relay = listenAndRelay(address.host, address.port, pick).catch((error: NodeJS.ErrnoException) => {
      const help = error.code === 'EACCES' ? '; ports below 1024 need root here' : '';
      this.#log.warn(
        `Service ${keyText(rule.service)} cannot be reached at ${address.host}:${address.port}: ${error.message}${help}`,
      );
      return undefined;
    });
    const listener: Listener = { rule, relay };
    this.#listeners.set(id, listener);
  }

  #pick(rule: ServicePortRule, affinity: ClientAffinity, client: string, tried: readonly Target[]): Target | undefined {
    const targets = this.#endpoints.targets(rule.service, rule.portName);
    const left = targets.filter(({ ip, port }) => !tried.some((each) => each.ip === ip && each.port === port));
    const known = rule.affinitySeconds === undefined ? undefined : affinity.recall(client, left);
    const target = known ?? left[Math.floor(Math.random() * left.length)];
    if (target !== undefined && rule.affinitySeconds !== undefined) {
      affinity.remember(client, target, rule.affinitySeconds);
    }
    return target;
  }
}
