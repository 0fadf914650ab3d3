import type { Answer, Question } from 'dns-packet';
import type { Informer, InformerSet } from '../../../cluster/client/informer.js';
import { Service } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import type { ServiceEndpoints } from '../service-endpoints.js';

/** Seconds that an answer may be kept: endpoints change quickly. */
const TTL = 5;
/** Version of the specification of names in clusters that is followed. */
const VERSION = '1.1.0';

/** `answers` may be empty: the name exists, but not with the type asked for. `foreign`: not a name of the cluster. */
export type Resolution =
  | { readonly kind: 'found'; readonly answers: readonly Answer[] }
  | { readonly kind: 'no-such-name' }
  | { readonly kind: 'foreign' };

/** Names without a meaning as records: what a question can be answered with. */
interface Name {
  readonly addresses: readonly string[];
  readonly canonical?: string;
  readonly services?: readonly { readonly port: number; readonly target: string }[];
  readonly text?: string;
}

const dashed = (ip: string): string => ip.replaceAll('.', '-');
const isAddress = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);

/**
 * The names of a cluster, by the Kubernetes specification of DNS-based service discovery: Services, endpoints of
 * headless ones, named ports, pods by address, and the reverse.
 */
export class ClusterRecords {
  readonly #services: Informer<Service>;
  readonly #endpoints: ServiceEndpoints;
  readonly #domain: string;

  /** `domain`: `cluster.local`. */
  constructor(informers: InformerSet, endpoints: ServiceEndpoints, domain: string) {
    this.#services = informers.informer(Service);
    this.#endpoints = endpoints;
    this.#domain = domain;
  }

  resolve(question: Question): Resolution {
    const name = question.name.toLowerCase().replace(/\.$/, '');
    if (name.endsWith('.in-addr.arpa')) return this.#reverse(question.name, name);
    if (name !== this.#domain && !name.endsWith(`.${this.#domain}`)) return { kind: 'foreign' };
    const labels = name.slice(0, -this.#domain.length - 1).split('.');
    const found = name === this.#domain ? { addresses: [] } : this.#find(labels);
    return found === undefined ? { kind: 'no-such-name' } : { kind: 'found', answers: answersFor(question, found) };
  }

  #find(labels: readonly string[]): Name | undefined {
    const last = labels.at(-1);
    if (labels.length === 1 && last === 'dns-version') return { addresses: [], text: VERSION };
    if (last === 'pod') return podName(labels);
    if (last !== 'svc') return undefined;
    const [namespace, name] = [labels.at(-2), labels.at(-3)];
    // `svc.cluster.local` and `shop.svc.cluster.local` stand above names, and have no records.
    if (namespace === undefined || name === undefined) return { addresses: [] };
    const service = this.#services.get({ namespace, name });
    if (service === undefined) return undefined;
    return this.#serviceName(service, { namespace, name }, labels.slice(0, -3));
  }

  /** `rest`: the labels before the Service's: none, a hostname, or `_port._protocol`. */
  #serviceName(service: Service, key: ObjectKey, rest: readonly string[]): Name | undefined {
    const { clusterIP, type, externalName, publishNotReadyAddresses } = service.spec;
    if (type === 'ExternalName') {
      return rest.length === 0 && externalName !== undefined ? { addresses: [], canonical: externalName } : undefined;
    }
    const headless = clusterIP === undefined || clusterIP === '' || clusterIP === 'None';
    const own = `${key.name}.${key.namespace}.svc.${this.#domain}`;
    const endpoints = headless ? this.#endpoints.addresses(key, publishNotReadyAddresses === true) : [];
    const hostOf = ({ ip, hostname }: (typeof endpoints)[number]): string => hostname ?? dashed(ip);
    if (rest.length === 0) {
      // A headless Service without endpoints has no name.
      if (headless && endpoints.length === 0) return undefined;
      return { addresses: headless ? endpoints.map(({ ip }) => ip) : [clusterIP] };
    }
    if (rest.length === 1) {
      const addresses = endpoints.filter((endpoint) => hostOf(endpoint) === rest[0]).map(({ ip }) => ip);
      return addresses.length === 0 ? undefined : { addresses };
    }
    const [portLabel, protocolLabel] = rest;
    const port = (service.spec.ports ?? []).find(
      (each) => `_${each.name ?? ''}` === portLabel && `_${(each.protocol ?? 'TCP').toLowerCase()}` === protocolLabel,
    );
    if (port === undefined || rest.length !== 2) return undefined;
    if (!headless) return { addresses: [], services: [{ port: port.port, target: own }] };
    const [target] = this.#endpoints.targets(key, port.name);
    if (target === undefined) return undefined;
    return {
      addresses: [],
      services: endpoints.map((endpoint) => ({ port: target.port, target: `${hostOf(endpoint)}.${own}` })),
    };
  }

  /** Names of cluster addresses; those of pods and of the rest of the world are not known here. */
  #reverse(asked: string, name: string): Resolution {
    const ip = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
    const service = this.#services.list().find(({ spec }) => spec.clusterIP === ip);
    if (service === undefined) return { kind: 'foreign' };
    const { name: serviceName, namespace } = service.metadata;
    const data = `${serviceName}.${namespace}.svc.${this.#domain}`;
    return { kind: 'found', answers: [{ type: 'PTR', name: asked, ttl: TTL, data }] };
  }
}

/** `10-0-0-7.shop.pod`. */
const podName = (labels: readonly string[]): Name | undefined => {
  const ip = labels[0]?.replaceAll('-', '.') ?? '';
  return labels.length === 3 && isAddress(ip) ? { addresses: [ip] } : undefined;
};

const answersFor = (question: Question, found: Name): readonly Answer[] => {
  const { name, type } = question;
  if (found.canonical !== undefined) return [{ type: 'CNAME', name, ttl: TTL, data: found.canonical }];
  const answers: Answer[] = [];
  const wants = (wanted: string): boolean => type === wanted || (type as string) === 'ANY';
  if (wants('A')) for (const data of found.addresses) answers.push({ type: 'A', name, ttl: TTL, data });
  if (wants('SRV')) {
    for (const { port, target } of found.services ?? []) {
      answers.push({ type: 'SRV', name, ttl: TTL, data: { port, target, priority: 0, weight: 100 } });
    }
  }
  if (wants('TXT') && found.text !== undefined) answers.push({ type: 'TXT', name, ttl: TTL, data: found.text });
  return answers;
};
