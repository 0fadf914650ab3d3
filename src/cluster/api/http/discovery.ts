import { createHash } from 'node:crypto';
import type { Aggregator } from '../aggregation/aggregator.js';
import type { ServedResource } from '../request.js';
import type { ResourceRegistry } from '../resource-registry.js';
import { compareVersions } from '../custom/served-versions.js';
import { pageNotFound } from '../status-errors.js';

/** A document of discovery: its body and the tag under which clients keep it. */
export interface DiscoveryDocument {
  readonly bytes: Buffer;
  readonly etag: string;
}

interface Version {
  readonly version: string;
  readonly resources: readonly Served[];
  /** False for what another server served when it answered last. */
  readonly isCurrent: boolean;
}
type Served = Omit<ServedResource, 'listKind'>;

/** What is served, in the forms in which clients ask for it. Made once after each change. */
export class Discovery {
  readonly #documents = new Map<string, DiscoveryDocument>();

  constructor(
    private readonly registry: ResourceRegistry,
    private readonly aggregator?: Aggregator,
  ) {
    registry.onChange(() => this.#documents.clear());
    aggregator?.onChange(() => this.#documents.clear());
  }

  /** All groups with all their resources; `core` for `/api`, `groups` for `/apis`. */
  aggregated(part: 'core' | 'groups'): DiscoveryDocument {
    return this.#document(`aggregated ${part}`, () => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: this.#groups()
        .filter(([group]) => (group === '') === (part === 'core'))
        .map(([group, versions]) => ({
          metadata: group === '' ? {} : { name: group },
          versions: versions.map(aggregatedVersion),
        })),
    }));
  }

  /** `/api` */
  legacyVersions(): DiscoveryDocument {
    return this.#document('legacy', () => ({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [],
    }));
  }

  /** `/apis` */
  groupList(): DiscoveryDocument {
    return this.#document('groups', () => ({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: this.#groups()
        .filter(([group]) => group !== '')
        .map(([group, versions]) => groupEntry(group, versions)),
    }));
  }

  /** `/apis/<group>`; NotFound for a group that is not served. */
  group(name: string): DiscoveryDocument {
    const found = this.#groups().find(([group]) => group === name && group !== '');
    if (found === undefined) throw pageNotFound();
    const [group, versions] = found;
    return this.#document(`group ${name}`, () => ({
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...groupEntry(group, versions),
    }));
  }

  /** `/api/v1`, `/apis/<group>/<version>`; NotFound for a version that is not served. */
  resourceList(groupVersion: string): DiscoveryDocument {
    const resources = this.#all().filter(({ apiVersion }) => apiVersion === groupVersion);
    if (resources.length === 0) throw pageNotFound();
    return this.#document(`resources ${groupVersion}`, () => ({
      kind: 'APIResourceList',
      ...(groupVersion === 'v1' ? {} : { apiVersion: 'v1' }),
      groupVersion,
      resources: resources.flatMap(resourceEntries),
    }));
  }

  /** Everything that answers a path, for the list at `/`. */
  paths(): readonly string[] {
    const groups = this.#groups().filter(([group]) => group !== '');
    return [
      '/api',
      '/api/v1',
      '/apis',
      ...groups.flatMap(([group, versions]) => [
        `/apis/${group}`,
        ...versions.map(({ version }) => `/apis/${group}/${version}`),
      ]),
    ];
  }

  #all(): readonly Served[] {
    return this.registry.all;
  }

  #groups(): readonly (readonly [string, readonly Version[]])[] {
    const groups = new Map<string, Map<string, Served[]>>();
    for (const resource of this.#all()) {
      const versions = groups.get(resource.group) ?? new Map<string, Served[]>();
      groups.set(resource.group, versions);
      versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]);
    }
    const all = new Map<string, Version[]>();
    for (const [group, versions] of groups) {
      all.set(
        group,
        Array.from(versions, ([version, resources]) => ({ version, resources, isCurrent: true })),
      );
    }
    for (const { group, version, resources, isCurrent } of this.aggregator?.remotes ?? []) {
      const served = resources.map((resource) => ({ ...resource, custom: true }));
      all.set(group, [...(all.get(group) ?? []), { version, resources: served, isCurrent }]);
    }
    return Array.from(all, ([group, versions]) => [
      group,
      versions.toSorted((left, right) => compareVersions(left.version, right.version)),
    ]);
  }

  #document(key: string, make: () => unknown): DiscoveryDocument {
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    const bytes = Buffer.from(JSON.stringify(make()));
    const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`;
    const document = { bytes, etag };
    this.#documents.set(key, document);
    return document;
  }
}

const kindRef = (apiVersion: string, kind: string): Readonly<Record<string, string>> => {
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
};

/** The kind of what a path answers: of built-in resources the kind alone, which is then of the version that is described. */
const responseKind = (resource: Served, { apiVersion, kind }: { apiVersion: string; kind: string }) =>
  resource.custom || apiVersion !== resource.apiVersion ? kindRef(apiVersion, kind) : { group: '', version: '', kind };

const aggregatedVersion = ({ version, resources, isCurrent }: Version): unknown => ({
  version,
  resources: resources.map((resource) => ({
    resource: resource.plural,
    responseKind: responseKind(resource, resource),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.map(({ name, kind, verbs }) => ({
            subresource: name,
            responseKind: responseKind(resource, kind),
            verbs,
          })),
        }),
  })),
  freshness: isCurrent ? 'Current' : 'Stale',
});

const groupEntry = (name: string, versions: readonly Version[]): object => {
  const entries = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
};

const resourceEntries = (resource: Served): readonly unknown[] => [
  {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(isStored(resource) ? { storageVersionHash: storageHash(resource) } : {}),
  },
  ...resource.subresources.map(({ name, kind, verbs }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(kind.apiVersion === resource.apiVersion ? {} : kindRef(kind.apiVersion, kind.kind)),
    kind: kind.kind,
    verbs,
  })),
];

/** What only answers questions, or is put together when it is read, is stored nowhere. */
const isStored = ({ verbs, plural }: Served): boolean => verbs.includes('watch') && plural !== 'componentstatuses';

/** Kinds that a kube-apiserver stores in another version than Fairlead. */
const STORED_AS: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io/v1/CustomResourceDefinition': 'apiextensions.k8s.io/v1beta1/CustomResourceDefinition',
};

const storageHash = ({ storageVersion, kind }: Served): string => {
  const stored = `${storageVersion.includes('/') ? '' : '/'}${storageVersion}/${kind}`;
  return createHash('sha256')
    .update(STORED_AS[stored] ?? stored)
    .digest()
    .subarray(0, 8)
    .toString('base64');
};
