import { setMaxListeners } from 'node:events';
import { ApiError, isApiError } from '../../objects/api-error.js';
import type { KindOf, KindRef } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import type {
  ApiResource,
  ApplyOptions,
  Client,
  DeleteOptions,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  UpdateOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client/client.js';
import type { Pipeline } from './operations/pipeline.js';
import { framesOf } from './operations/watch.js';
import type { WatchFrame } from './operations/watch-frames.js';
import type { RequestContext, Target, WriteParameters } from './request.js';
import type { UserInfo } from '../auth/user.js';
import type { ResourceRegistry } from './resource-registry.js';

const NEVER = new AbortController().signal;

/**
 * The client of this process: the same path as a request over HTTP, without the wire. It hands out the objects that
 * the store holds; nobody may change them.
 */
export class InProcessClient implements Client {
  readonly #context: RequestContext;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly registry: ResourceRegistry,
    user: UserInfo,
    userAgent: string,
  ) {
    this.#context = { user, userAgent, signal: NEVER, warnings: [] };
  }

  async get<T extends KubeObject>(kind: KindOf<T>, key: ObjectKey): Promise<T | undefined> {
    return orMissing(async () => (await this.pipeline.get(this.#context, this.#target(kind, key))).object as T);
  }

  async list<T extends KubeObject>(kind: KindOf<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, ...parameters } = options;
    const result = await this.pipeline.list(this.#context, this.#collection(kind, namespace), parameters);
    const list = { items: result.items.map(({ object }) => object as T), resourceVersion: result.resourceVersion };
    return result.continue === undefined ? list : { ...list, continue: result.continue };
  }

  async create<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const target = this.#collection(object, object.metadata.namespace);
    return (await this.pipeline.create(this.#context, target, object, parametersOf(options))).object as T;
  }

  async update<T extends KubeObject>(object: T, options: UpdateOptions = {}): Promise<T> {
    const target = withSubresource(this.#target(object, object.metadata), options.subresource);
    return (await this.pipeline.update(this.#context, target, object, parametersOf(options))).item.object as T;
  }

  async updateStatus<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const target = { ...this.#target(object, object.metadata), subresource: 'status' };
    return (await this.pipeline.update(this.#context, target, object, parametersOf(options))).item.object as T;
  }

  async patch<T extends KubeObject>(
    kind: KindOf<T>,
    key: ObjectKey,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const target = withSubresource(this.#target(kind, key), options.subresource);
    return (await this.pipeline.patch(this.#context, target, patch, parametersOf(options))).object as T;
  }

  async apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T> {
    const target = withSubresource(this.#target(object, object.metadata), options.subresource);
    const parameters = { ...parametersOf(options), force: options.force ?? false };
    return (await this.pipeline.apply(this.#context, target, object, parameters)).item.object as T;
  }

  async delete<T extends KubeObject>(
    kind: KindOf<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<T | undefined> {
    const parameters = { ...options, dryRun: options.dryRun ?? false };
    return orMissing(
      async () => (await this.pipeline.delete(this.#context, this.#target(kind, key), parameters)).item.object as T,
    );
  }

  async *watch<T extends KubeObject>(
    kind: KindOf<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    // One signal stops all watches of a program.
    setMaxListeners(0, signal);
    const { namespace, ...selection } = options;
    const fresh = options.resourceVersion === undefined;
    const start = fresh
      ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }
      : {};
    const context = { ...this.#context, signal };
    const watch = await this.pipeline.watch(context, this.#collection(kind, namespace), { ...selection, ...start });
    for await (const frame of framesOf(watch, signal)) yield eventOf<T>(frame);
  }

  async subresource<T extends KubeObject>(kind: KindRef, key: ObjectKey, name: string, body: KubeObject): Promise<T> {
    const target = { ...this.#target(kind, key), subresource: name };
    return (await this.pipeline.create(this.#context, target, body, parametersOf({}))).object as T;
  }

  resources(): Promise<readonly ApiResource[]> {
    return Promise.resolve(
      this.registry.all.map(({ apiVersion, kind, plural, namespaced, verbs }) => ({
        apiVersion,
        kind,
        resource: plural,
        namespaced,
        verbs,
      })),
    );
  }

  #collection(kind: KindRef, namespace: string | undefined): Target {
    const resource = this.registry.ofKind(kind);
    if (resource === undefined) {
      throw new ApiError('NotFound', `no matches for kind "${kind.kind}" in version "${kind.apiVersion}"`);
    }
    return resource.namespaced && namespace !== undefined ? { resource, namespace } : { resource };
  }

  #target(kind: KindRef, { namespace, name }: ObjectKey): Target {
    const collection = this.#collection(kind, namespace);
    if (collection.resource.namespaced && namespace === undefined) {
      throw new ApiError('BadRequest', `${kind.kind} "${name}" needs a namespace`);
    }
    return { ...collection, name };
  }
}

const orMissing = async <T>(request: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await request();
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
};

const withSubresource = (target: Target, subresource: string | undefined): Target =>
  subresource === undefined ? target : { ...target, subresource };

const parametersOf = ({ dryRun, fieldManager, fieldValidation }: WriteOptions): WriteParameters => ({
  dryRun: dryRun ?? false,
  fieldManager: fieldManager ?? '',
  fieldValidation: fieldValidation ?? 'Ignore',
});

const EVENT_TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

const eventOf = <T extends KubeObject>(frame: WatchFrame): WatchEvent<T> =>
  frame.type === 'BOOKMARK'
    ? { type: 'bookmark', resourceVersion: frame.resourceVersion, initialEventsEnd: frame.initialEventsEnd }
    : { type: EVENT_TYPES[frame.type], object: frame.item.object as T };
