import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import type { ServiceEndpoints, Target } from '../service-endpoints.js';
import type { ChainNames, RuleWithTargets } from './iptables-rules.js';
import { chainNames, chainsIn, hooksOf, instancesIn, iptablesRules } from './iptables-rules.js';
import type { ServicePortRule } from './service-ports.js';
import type { TcpRelay } from './tcp-relay.js';
import { listenAndRelay } from './tcp-relay.js';

const run = promisify(execFile);
/** Another program may be changing the rules: wait so long for it, in seconds. */
const WAIT = ['--wait', '5'];

/** Whether packets between pods of one bridge pass the packet filter, so that answers find their way back. */
const bridgeIsFiltered = (): boolean => {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim() === '1';
  } catch {
    return false;
  }
};

/** Whether this process may change the packet filter; the reason when it may not. */
export const iptablesWorks = async (): Promise<string | undefined> => {
  try {
    await run('iptables', [...WAIT, '-t', 'nat', '-S', 'PREROUTING']);
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
};

/**
 * Lets the bridge send packets back through the port they came from: a pod that is its own Service's endpoint needs it.
 * As kubelets do for the pods of a bridge.
 */
const allowHairpins = (gateway: string): void => {
  const bridge = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === gateway),
  )?.[0];
  const ports = `/sys/class/net/${bridge}/brif`;
  if (bridge === undefined || !existsSync(ports)) return;
  for (const port of readdirSync(ports)) {
    const setting = `${ports}/${port}/hairpin_mode`;
    try {
      if (readFileSync(setting, 'utf8').trim() !== '1') writeFileSync(setting, '1');
    } catch {
      // The pod has gone meanwhile.
    }
  }
};

/** Serves cluster addresses in the kernel: connections to them are sent on to endpoints. Needs root on Linux. */
export class IptablesProxy {
  readonly #endpoints: ServiceEndpoints;
  readonly #log: Logger;
  readonly #names: ChainNames;
  readonly #gateway: string;
  readonly #relays = new Map<string, Promise<TcpRelay>>();
  #applied = '';

  /**
   * `instance`: tells this Fairlead's chains from another's. `gateway`: the machine's address on the pods' bridge, where
   * endpoints on the machine's own loopback (the API server) are made reachable for pods.
   */
  constructor(endpoints: ServiceEndpoints, instance: string, gateway: string, log: Logger) {
    this.#endpoints = endpoints;
    this.#names = chainNames(instance);
    this.#gateway = gateway;
    this.#log = log;
  }

  /** Makes the kernel serve exactly these rules with the endpoints of now. */
  async update(rules: readonly ServicePortRule[]): Promise<void> {
    allowHairpins(this.#gateway);
    const withTargets: RuleWithTargets[] = [];
    for (const rule of rules) {
      const targets = this.#endpoints.targets(rule.service, rule.portName);
      withTargets.push({ rule, targets: await Promise.all(targets.map((target) => this.#reachable(target, rule))) });
    }
    const options = { names: this.#names, masqueradeAll: !bridgeIsFiltered(), presentChains: [] };
    const wanted = iptablesRules(withTargets, options);
    if (wanted === this.#applied) return;
    const { stdout } = await run('iptables-save', ['-t', 'nat'], { maxBuffer: 64 * 1024 * 1024 });
    // Data folders that are gone leave nobody who could remove their rules.
    for (const instance of instancesIn(stdout).filter((each) => isAbsolute(each) && !existsSync(each))) {
      await removeServiceRules(chainNames(instance));
    }
    await restore(iptablesRules(withTargets, { ...options, presentChains: chainsIn(stdout) }));
    for (const { table, chain, target } of hooksOf(this.#names)) await hook(table, chain, target, this.#names.comment);
    this.#applied = wanted;
    this.#log.debug({ rules: rules.length }, 'packet filter updated');
  }

  /** Closes the relays. The rules stay, so that pods that run on reach each other, unless `removeRules`. */
  async close(removeRules: boolean): Promise<void> {
    for (const relay of this.#relays.values()) await relay.then((made) => made.close()).catch(() => undefined);
    if (removeRules) await removeServiceRules(this.#names);
  }

  /** An endpoint on the machine's own loopback is reached through a relay on the bridge: the kernel routes none there. */
  async #reachable(target: Target, rule: ServicePortRule): Promise<Target> {
    if (!target.ip.startsWith('127.') || rule.protocol !== 'TCP') return target;
    const id = `${target.ip}:${target.port}`;
    const relay =
      this.#relays.get(id) ??
      listenAndRelay(this.#gateway, 0, (_client, tried) => (tried.length === 0 ? target : undefined));
    this.#relays.set(id, relay);
    relay.catch(() => this.#relays.delete(id));
    return { ip: this.#gateway, port: (await relay).port };
  }
}

/** Removes everything from the packet filter that a Fairlead (`chainNames(instance)`) has put there. */
export const removeServiceRules = async (names: ChainNames): Promise<void> => {
  for (const { table, chain, target } of hooksOf(names)) {
    await run('iptables', [...WAIT, '-t', table, '-D', chain, ...jump(target, names.comment)]).catch(() => undefined);
  }
  for (const table of ['nat', 'filter']) {
    const { stdout } = await run('iptables-save', ['-t', table], { maxBuffer: 64 * 1024 * 1024 });
    const ours = chainsIn(stdout).filter((chain) => chain.startsWith(names.prefix));
    if (ours.length === 0) continue;
    const lines = [...ours.map((chain) => `:${chain} - [0:0]`), ...ours.map((chain) => `-X ${chain}`)];
    await restore([`*${table}`, ...lines, 'COMMIT', ''].join('\n'));
  }
};

const jump = (target: string, comment: string): readonly string[] => [
  '-m',
  'comment',
  '--comment',
  comment,
  '-j',
  target,
];

const hook = async (table: string, chain: string, target: string, comment: string): Promise<void> => {
  try {
    await run('iptables', [...WAIT, '-t', table, '-C', chain, ...jump(target, comment)]);
  } catch {
    // Not there yet. First in line: others' rules end with verdicts of their own.
    await run('iptables', [...WAIT, '-t', table, '-I', chain, '1', ...jump(target, comment)]);
  }
};

const restore = (rules: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('iptables-restore', ['--noflush', ...WAIT], { stdio: ['pipe', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      errors += text;
    });
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`iptables-restore failed: ${errors.trim()}`));
    });
    child.stdin.end(rules);
  });
