import { ApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import type { KindRef } from '../../objects/kind.js';
import type { ApiResource } from './client.js';
import type { HttpTransport } from './http-transport.js';

type Fields = Readonly<Record<string, unknown>>;

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

export interface Discovery {
  resources(): Promise<readonly ApiResource[]>;
  /** The resource of a kind; looks again, at most every two seconds, when it is not known. */
  resourceOf(kind: KindRef): Promise<ApiResource>;
  /** What is known may be wrong: ask the server next time. */
  forget(): void;
}

const FRESH_MS = 600_000;
const RETRY_MS = 2000;

/** What a server serves, asked once and kept for ten minutes. */
export const createDiscovery = (transport: HttpTransport, clock: Clock): Discovery => {
  let known:
    | { readonly at: number; readonly list: readonly ApiResource[]; readonly byKind: ReadonlyMap<string, ApiResource> }
    | undefined;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    const list = await askServer(transport);
    known = { at: clock.now(), list, byKind: new Map(list.map((resource) => [idOf(resource), resource])) };
  };
  const refresh = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const current = async (maxAgeMs: number) => {
    if (known === undefined || clock.now() - known.at > maxAgeMs) await refresh();
    if (known === undefined) throw new ApiError('ServiceUnavailable', 'the server did not say what it serves');
    return known;
  };

  return {
    resources: async () => (await current(FRESH_MS)).list,
    resourceOf: async (kind) => {
      const resource =
        (await current(FRESH_MS)).byKind.get(idOf(kind)) ?? (await current(RETRY_MS)).byKind.get(idOf(kind));
      if (resource !== undefined) return resource;
      throw new ApiError('NotFound', `no matches for kind "${kind.kind}" in version "${kind.apiVersion}"`);
    },
    forget: () => {
      known = undefined;
    },
  };
};

const idOf = (kind: KindRef): string => `${kind.apiVersion} ${kind.kind}`;

const askServer = async (transport: HttpTransport): Promise<readonly ApiResource[]> => {
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map(async (path) => fieldsOf(await transport.json({ method: 'GET', path, accept: AGGREGATED }))),
  );
  if (core?.['kind'] === 'APIGroupDiscoveryList' && groups?.['kind'] === 'APIGroupDiscoveryList') {
    return [...aggregated(core), ...aggregated(groups)];
  }
  const versions = [
    ...arrayOf(core?.['versions']).map((version) => ({ path: `/api/${String(version)}`, apiVersion: String(version) })),
    ...arrayOf(groups?.['groups'])
      .flatMap((group) => arrayOf(fieldsOf(group)['versions']))
      .map((version) => textOf(fieldsOf(version), 'groupVersion'))
      .map((apiVersion) => ({ path: `/apis/${apiVersion}`, apiVersion })),
  ];
  const lists = await Promise.all(
    versions.map(async ({ path, apiVersion }) => {
      try {
        return plain(fieldsOf(await transport.json({ method: 'GET', path })), apiVersion);
      } catch (error) {
        // A broken aggregated API must not hide the others.
        if (error instanceof ApiError && (error.code === 503 || error.code === 404)) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
};

const aggregated = (list: Fields): ApiResource[] =>
  arrayOf(list['items']).flatMap((item) => {
    const group = textOf(fieldsOf(fieldsOf(item)['metadata']), 'name');
    return arrayOf(fieldsOf(item)['versions']).flatMap((version) => {
      const fields = fieldsOf(version);
      const apiVersion = group === '' ? textOf(fields, 'version') : `${group}/${textOf(fields, 'version')}`;
      return arrayOf(fields['resources']).map((resource) => {
        const entry = fieldsOf(resource);
        return {
          apiVersion,
          kind: textOf(fieldsOf(entry['responseKind']), 'kind'),
          resource: textOf(entry, 'resource'),
          namespaced: entry['scope'] === 'Namespaced',
          verbs: arrayOf(entry['verbs']).map(String),
        };
      });
    });
  });

const plain = (list: Fields, apiVersion: string): ApiResource[] =>
  arrayOf(list['resources'])
    .map(fieldsOf)
    .filter((entry) => !textOf(entry, 'name').includes('/'))
    .map((entry) => ({
      apiVersion,
      kind: textOf(entry, 'kind'),
      resource: textOf(entry, 'name'),
      namespaced: entry['namespaced'] === true,
      verbs: arrayOf(entry['verbs']).map(String),
    }));

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (fields: Fields, field: string): string => {
  const value = fields[field];
  return typeof value === 'string' ? value : '';
};
