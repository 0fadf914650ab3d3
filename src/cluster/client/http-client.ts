import type { ApiError } from '../../objects/api-error.js';
import { isApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import { systemClock } from '../../objects/clock.js';
import type { KindOf, KindRef } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf } from '../../objects/object.js';
import type { Client, DeleteOptions, ListOptions, Patch, UpdateOptions, WriteOptions } from './client.js';
import type { ClusterConnection } from './connection.js';
import { createDiscovery } from './discovery.js';
import type { HttpTransport } from './http-transport.js';
import { createHttpTransport } from './http-transport.js';
import { listPage, queryText, resourcePath } from './resource-path.js';
import { watchOverHttp } from './http-watch.js';

export interface HttpClientOptions {
  readonly clock?: Clock;
  readonly userAgent?: string;
  /** Time for one request. Default 60 s. */
  readonly timeoutMs?: number;
}

/** A Client of any Kubernetes API, with `close` to let its connections go. */
export interface HttpClient extends Client {
  close(): void;
}

const PATCH_TYPES: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export const createHttpClient = (connection: ClusterConnection, options: HttpClientOptions = {}): HttpClient => {
  const clock = options.clock ?? systemClock;
  const transport = createHttpTransport(connection, {
    clock,
    ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const discovery = createDiscovery(transport, clock);
  const pathOf = async (kind: KindRef, key: Partial<ObjectKey>, subresource?: string): Promise<string> =>
    resourcePath(await discovery.resourceOf(kind), key, subresource);
  const send = requester(transport, () => discovery.forget());

  return {
    get: async <T extends KubeObject>(kind: KindOf<T>, key: ObjectKey) =>
      orUndefined(send<T>('GET', await pathOf(kind, key))),
    list: async <T extends KubeObject>(kind: KindOf<T>, listOptions: ListOptions = {}) =>
      listPage<T>(transport, await discovery.resourceOf(kind), listOptions),
    create: async <T extends KubeObject>(object: T, write: WriteOptions = {}) =>
      send<T>('POST', await pathOf(object, { ...keyOf(object), name: '' }), { query: writeQuery(write), body: object }),
    update: async <T extends KubeObject>(object: T, write: UpdateOptions = {}) =>
      send<T>('PUT', await pathOf(object, keyOf(object), write.subresource), {
        query: writeQuery(write),
        body: object,
      }),
    updateStatus: async <T extends KubeObject>(object: T, write: WriteOptions = {}) =>
      send<T>('PUT', await pathOf(object, keyOf(object), 'status'), { query: writeQuery(write), body: object }),
    patch: async (kind, key, patch, write = {}) =>
      send('PATCH', await pathOf(kind, key, write.subresource), {
        query: writeQuery(write),
        body: patch.body,
        contentType: PATCH_TYPES[patch.type],
      }),
    apply: async <T extends KubeObject>(object: T, write: Parameters<Client['apply']>[1]) =>
      send<T>('PATCH', await pathOf(object, keyOf(object), write.subresource), {
        query: { ...writeQuery(write), force: String(write.force ?? false) },
        body: object,
        contentType: 'application/apply-patch+yaml',
      }),
    delete: async <T extends KubeObject>(kind: KindOf<T>, key: ObjectKey, remove: DeleteOptions = {}) => {
      const left = await orUndefined(send<T>('DELETE', await pathOf(kind, key), { body: deleteBody(remove) }));
      // The server answers a Status when the object is gone at once.
      return left?.kind === 'Status' ? ({ ...kind, metadata: key } as KubeObject as T) : left;
    },
    watch: (kind, watchOptions, signal) => watchOverHttp({ transport, discovery, clock }, kind, watchOptions, signal),
    subresource: async (kind, key, name, body) => send('POST', await pathOf(kind, key, name), { body }),
    resources: () => discovery.resources(),
    close: () => transport.close(),
  };
};

interface Sending {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

const requester =
  (transport: HttpTransport, forgetDiscovery: () => void) =>
  async <T extends KubeObject>(method: string, path: string, sending: Sending = {}): Promise<T> => {
    const { query = {}, ...rest } = sending;
    try {
      return (await transport.json({ method, path: path + queryText(query), ...rest })) as T;
    } catch (error) {
      if (isApiError(error, 'NotFound') && !namesObject(error)) forgetDiscovery();
      throw error;
    }
  };

/** Tells an object that is not there from a path that is not there. */
const namesObject = (error: ApiError): boolean => error.details.name !== undefined && error.details.name !== '';

const writeQuery = (options: WriteOptions): Record<string, string | undefined> => ({
  fieldManager: options.fieldManager,
  dryRun: options.dryRun === true ? 'All' : undefined,
  fieldValidation: options.fieldValidation,
});

const deleteBody = (options: DeleteOptions): KubeObject | Readonly<Record<string, unknown>> => {
  const { dryRun, ...rest } = options;
  return { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(dryRun === true ? { dryRun: ['All'] } : {}) };
};

/** An object that is not there is an answer; a path that is not there is an error. */
const orUndefined = async <T>(request: Promise<T>): Promise<T | undefined> => {
  try {
    return await request;
  } catch (error) {
    if (isApiError(error, 'NotFound') && namesObject(error)) return undefined;
    throw error;
  }
};
