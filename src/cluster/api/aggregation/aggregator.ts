import type { Condition } from '../../../objects/conditions.js';
import type { Resource } from '../../../objects/schema/resource-table.js';
import type { KeyedCertificate } from '../../auth/certificates.js';
import { AUTHENTICATED, MASTERS, type UserInfo } from '../../auth/user.js';
import type { Store } from '../../store/store.js';
import type { Destination } from '../http/connect/tunnel.js';
import { networkFault } from '../network-fault.js';
import type { ApiService } from '../registration/api-services.js';
import type { ResourceRegistry } from '../resource-registry.js';
import { aggregatedDestination, obstacleTo, rootPathOf, serviceOf } from './aggregated-server.js';
import { getFrom, openApiUrlIn, resourcesIn } from './remote-discovery.js';

/** What an aggregated server serves, as it said when it was asked last. */
export interface RemoteVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly Resource[];
  /** False when it does not answer any more. */
  readonly isCurrent: boolean;
  /** Where its OpenAPI document is. */
  readonly openApiUrl?: string;
}

/** In whose name this server asks for what aggregated servers have. */
const AGGREGATOR: UserInfo = { name: 'system:kube-aggregator', groups: [MASTERS, AUTHENTICATED] };

/** Knows the group versions that other servers answer, which are reached through Services of the cluster. */
export class Aggregator {
  readonly #remotes = new Map<string, RemoteVersion>();
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly store: Store,
    private readonly registry: ResourceRegistry,
    /** By what aggregated servers know this one. */
    private readonly identity?: KeyedCertificate,
  ) {}

  /** The versions that were asked for their resources, in the order of their names. */
  get remotes(): readonly RemoteVersion[] {
    return [...this.#remotes].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, remote]) => remote);
  }

  /** Calls back when what aggregated servers serve has changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The APIService whose Service answers a group version; undefined for what this server answers itself. */
  find(group: string, version: string): ApiService | undefined {
    const key = `/registry/apiregistration.k8s.io/apiservices/${version}.${group}`;
    const service = this.store.get(key)?.object as ApiService | undefined;
    return service?.spec?.service === undefined || this.#isOwn(group, version) ? undefined : service;
  }

  /** Where requests for the group version go. Throws an Error when nothing is ready there. */
  destination(service: ApiService, path: string, user: UserInfo): Destination {
    return aggregatedDestination(this.store, service, path, user, this.identity);
  }

  /** Asks the server behind an APIService what it serves; the answer says whether requests can be passed on. */
  async check(service: ApiService, signal: AbortSignal): Promise<Condition> {
    const reference = serviceOf(service);
    const obstacle = reference === undefined ? undefined : obstacleTo(this.store, reference);
    const failure = obstacle ?? (await this.#refresh(service, signal));
    if (failure === undefined) {
      return { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' };
    }
    this.#keep(service, { ...this.#known(service), isCurrent: false });
    return { type: 'Available', status: 'False', ...failure };
  }

  /** The group version is answered by nobody any more, or by this server itself. */
  forget(name: string): void {
    if (this.#remotes.delete(name)) this.#tell();
  }

  #isOwn(group: string, version: string): boolean {
    return this.registry.all.some((each) => each.group === group && each.version === version);
  }

  async #refresh(service: ApiService, signal: AbortSignal): Promise<{ reason: string; message: string } | undefined> {
    const path = rootPathOf(service);
    let url = `https://${serviceOf(service)?.name}.${serviceOf(service)?.namespace}.svc${path}`;
    try {
      const to = this.destination(service, path, AGGREGATOR);
      url = `https://${to.host}:${to.port}${path}`;
      const answer = await getFrom(to, signal);
      if (answer.code < 200 || answer.code > 299) throw new Error(`bad status from ${url}: ${answer.code}`);
      const { group = '', version = '' } = service.spec ?? {};
      const openApiUrl = await this.#openApiUrl(service, path.slice(1), signal);
      const resources = resourcesIn(answer.text, group, version);
      const remote = { group, version, resources, isCurrent: true };
      this.#keep(service, openApiUrl === undefined ? remote : { ...remote, openApiUrl });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const message = `failing or missing response from ${url}: ${networkFault(error)}`;
      return { reason: 'FailedDiscoveryCheck', message };
    }
  }

  /** A server without OpenAPI is as good as any. */
  async #openApiUrl(service: ApiService, path: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { code, text } = await getFrom(this.destination(service, '/openapi/v3', AGGREGATOR), signal);
      return code === 200 ? openApiUrlIn(text, path) : undefined;
    } catch {
      return undefined;
    }
  }

  #known(service: ApiService): RemoteVersion {
    const { group = '', version = '' } = service.spec ?? {};
    return this.#remotes.get(service.metadata.name) ?? { group, version, resources: [], isCurrent: false };
  }

  #keep({ metadata: { name } }: ApiService, remote: RemoteVersion): void {
    const before = JSON.stringify(this.#remotes.get(name));
    this.#remotes.set(name, remote);
    if (before !== JSON.stringify(remote)) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
