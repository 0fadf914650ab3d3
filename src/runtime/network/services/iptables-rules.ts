import { createHash } from 'node:crypto';
import type { Target } from '../service-endpoints.js';
import type { ServicePortRule } from './service-ports.js';

/** Marks connections whose source address must become the machine's, so that answers come back through it. */
const MASQUERADE_MARK = '0x80000/0x80000';

/** The chains of one Fairlead on this machine. Chain names have at most 28 characters. */
export interface ChainNames {
  readonly prefix: string;
  readonly services: string;
  readonly postrouting: string;
  readonly reject: string;
  /** On the rules that lead to the chains: whose they are, so that they can be removed when that is gone. */
  readonly comment: string;
}

const COMMENT = 'fairlead ';
/** The kernel keeps no longer comments. */
const COMMENT_BYTES = 255;

const hash = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

export const chainNames = (instance: string): ChainNames => {
  const prefix = `FL-${hash(instance, 6)}-`;
  return {
    prefix,
    services: `${prefix}SERVICES`,
    postrouting: `${prefix}POSTROUTING`,
    reject: `${prefix}REJECT`,
    comment: Buffer.from(COMMENT + instance)
      .subarray(0, COMMENT_BYTES)
      .toString(),
  };
};

/** Where the chains are entered from. */
export const hooksOf = (
  names: ChainNames,
): readonly { readonly table: string; readonly chain: string; readonly target: string }[] => [
  { table: 'nat', chain: 'PREROUTING', target: names.services },
  { table: 'nat', chain: 'OUTPUT', target: names.services },
  { table: 'nat', chain: 'POSTROUTING', target: names.postrouting },
  { table: 'filter', chain: 'FORWARD', target: names.reject },
  { table: 'filter', chain: 'OUTPUT', target: names.reject },
];

/** A rule with the endpoints that it has now. */
export interface RuleWithTargets {
  readonly rule: ServicePortRule;
  readonly targets: readonly Target[];
}

export interface RulesOptions {
  readonly names: ChainNames;
  /**
   * Every connection gets the machine's address as its source, not only those that lead back to the pod they come
   * from: needed where answers between pods of one bridge do not pass the packet filter.
   */
  readonly masqueradeAll: boolean;
  /** Chains of ours that are there and may have to go. */
  readonly presentChains: readonly string[];
}

/** Everything for one `iptables-restore --noflush`: it replaces all of our chains in one step. */
export const iptablesRules = (rules: readonly RuleWithTargets[], options: RulesOptions): string => {
  const { names } = options;
  const chains = new Set([names.services, names.postrouting]);
  const nat: string[] = [`-A ${names.postrouting} -m mark --mark ${MASQUERADE_MARK} -j MASQUERADE`];
  const filter: string[] = [];
  for (const { rule, targets } of rules) {
    const protocol = rule.protocol.toLowerCase();
    const match = `-d ${rule.clusterIp}/32 -p ${protocol} -m ${protocol} --dport ${rule.port}`;
    if (targets.length === 0) {
      filter.push(`-A ${names.reject} ${match} -j REJECT`);
      continue;
    }
    const service = `${names.prefix}SVC-${hash(rule.id, 8)}`;
    chains.add(service);
    nat.push(`-A ${names.services} ${match} -j ${service}`);
    for (const [chain, lines] of serviceChains(service, rule, targets, options)) {
      chains.add(chain);
      nat.push(...lines);
    }
  }
  const gone = options.presentChains.filter((chain) => chain.startsWith(names.prefix) && !chains.has(chain));
  return [
    '*nat',
    ...[...chains, ...gone].map((chain) => `:${chain} - [0:0]`),
    ...nat,
    ...gone.map((chain) => `-X ${chain}`),
    'COMMIT',
    '*filter',
    `:${names.reject} - [0:0]`,
    ...filter,
    'COMMIT',
    '',
  ].join('\n');
};

const serviceChains = (
  service: string,
  rule: ServicePortRule,
  targets: readonly Target[],
  { names, masqueradeAll }: RulesOptions,
): ReadonlyMap<string, readonly string[]> => {
  const protocol = rule.protocol.toLowerCase();
  const endpoints = targets.map((target) => ({
    target,
    chain: `${names.prefix}SEP-${hash(`${rule.id} ${target.ip}:${target.port}`, 8)}`,
  }));
  const affinity = rule.affinitySeconds;
  const choose = [
    ...(masqueradeAll ? [`-A ${service} -j MARK --set-xmark ${MASQUERADE_MARK}`] : []),
    ...(affinity === undefined
      ? []
      : endpoints.map(
          ({ chain }) =>
            `-A ${service} -m recent --name ${chain} --rcheck --seconds ${affinity} --reap --rsource -j ${chain}`,
        )),
    ...endpoints.map(({ chain }, index) => {
      const left = endpoints.length - index;
      const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
      return `-A ${service}${chance} -j ${chain}`;
    }),
  ];
  const chains = new Map<string, readonly string[]>([[service, choose]]);
  for (const { chain, target } of endpoints) {
    chains.set(chain, [
      `-A ${chain} -s ${target.ip}/32 -j MARK --set-xmark ${MASQUERADE_MARK}`,
      ...(affinity === undefined ? [] : [`-A ${chain} -m recent --name ${chain} --set --rsource`]),
      `-A ${chain} -p ${protocol} -m ${protocol} -j DNAT --to-destination ${target.ip}:${target.port}`,
    ]);
  }
  return chains;
};

/** Names of the chains in what `iptables-save -t nat` prints. */
export const chainsIn = (saved: string): readonly string[] =>
  saved
    .split('\n')
    .filter((line) => line.startsWith(':'))
    .map((line) => line.slice(1).split(' ', 1)[0] ?? '');

/** The instances whose rules are in what `iptables-save` prints. */
export const instancesIn = (saved: string): readonly string[] => {
  const found = new Set<string>();
  for (const [, instance] of saved.matchAll(/ --comment "fairlead ([^"]+)" /g)) {
    if (instance !== undefined) found.add(instance);
  }
  return [...found];
};
