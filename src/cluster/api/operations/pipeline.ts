import { ApiError } from '../../../objects/api-error.js';
import { timestamp } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import { accessDenied, type Authorizer } from '../../auth/authorizer.js';
import { MASTERS } from '../../auth/user.js';
import type { ComputedResources } from '../computed/computed-resources.js';
import { bindPod } from '../subresources/pod-binding.js';
import { evictPod } from '../subresources/pod-eviction.js';
import { scaleOf, withScale } from '../subresources/scale.js';
import { appliedScale, managedScaleOf, updatedScale, withScaleManagers } from '../subresources/scale-managers.js';
import { managerOf, type RequestContext, type Target, type Verb, type WriteParameters } from '../request.js';
import { methodNotAllowed, noSuchResource, notFound } from '../status-errors.js';
import { storageKey } from '../storage-keys.js';
import { admitPart } from './admission.js';
import { createObject } from './create.js';
import type { Item, Machinery } from './machinery.js';
import { applyObject, patchObject } from './patch.js';
import { applyPatch, type PatchBody } from './patch-bodies.js';
import { getObject, listObjects, type ListParameters, type ListResult } from './read.js';
import { deleteCollection, deleteObject, type DeleteParameters, type DeleteResult } from './remove.js';
import { parseSelection } from './selection.js';
import type { VersionParameters } from './resource-versions.js';
import { changeObject, isCreatedByPut, updateObject, type UpdateResult } from './update.js';
import { watchObjects, type ObjectWatch, type WatchParameters } from './watch.js';

/** Handles a POST to a subresource, or to a resource whose objects are questions and never stored. */
export type PostHandler = (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  body: KubeObject,
  parameters: WriteParameters,
) => KubeObject | Promise<KubeObject>;

const POSTS: Readonly<Record<string, PostHandler>> = {
  '/pods/binding': bindPod,
  '/pods/eviction': evictPod,
  '/bindings': bindPod,
};

/** The one path of every request to an object, whoever brings it: authorization first, then the operation. */
export class Pipeline {
  constructor(
    readonly machinery: Machinery,
    private readonly authorize: Authorizer,
    private readonly posts: Readonly<Record<string, PostHandler>> = {},
    private readonly computed: ComputedResources = {},
  ) {}

  async get(context: RequestContext, target: Target, parameters: VersionParameters = {}): Promise<Item> {
    await this.#begin('get', target, context);
    const { subresource, ...main } = target;
    const made = await this.#made(context, target);
    if (made !== undefined) {
      const object = made.find(({ metadata }) => metadata.name === target.name);
      if (object === undefined) throw notFound(target.resource, target.name ?? '');
      return { object };
    }
    if (subresource === undefined) return getObject(this.machinery, context, target, parameters);
    const item = await getObject(this.machinery, context, main, parameters);
    return subresource === 'scale' ? { object: scaleOf(target.resource, item.object) } : item;
  }

  async list(context: RequestContext, target: Target, parameters: ListParameters): Promise<ListResult> {
    await this.#begin('list', selected(target, parameters), context);
    const made = await this.#made(context, target);
    if (made !== undefined) {
      const selection = parseSelection(target, parameters);
      const items = made.filter((object) => selection.matches(object)).map((object) => ({ object }));
      return { items, resourceVersion: String(this.machinery.store.revision) };
    }
    return listObjects(this.machinery, context, target, parameters);
  }

  /** Resolves when the watch is authorized and its parameters are good. */
  async watch(context: RequestContext, target: Target, parameters: WatchParameters): Promise<ObjectWatch> {
    await this.#begin('watch', selected(target, parameters), context);
    return watchObjects(this.machinery, context, target, parameters);
  }

  async create(
    context: RequestContext,
    target: Target,
    object: KubeObject,
    parameters: WriteParameters,
  ): Promise<Item> {
    await this.#begin('create', target, context);
    const { group, plural } = target.resource;
    const id = [`${group}/${plural}`, ...(target.subresource === undefined ? [] : [target.subresource])].join('/');
    const handler = POSTS[id] ?? this.posts[id];
    if (handler !== undefined) {
      const asked = await admitPart(this.machinery, { operation: 'CREATE', target, context, object }, parameters);
      return { object: await handler(this.machinery, context, target, asked, parameters) };
    }
    if (target.subresource !== undefined) throw methodNotAllowed(target.resource, 'create');
    return createObject(this.machinery, context, target, object, parameters);
  }

  async update(
    context: RequestContext,
    target: Target,
    object: KubeObject,
    parameters: WriteParameters,
  ): Promise<UpdateResult> {
    await this.#begin('update', target, context);
    if (isCreatedByPut(target.resource)) this.#checkMaking(target, context);
    if (target.subresource !== 'scale') {
      return updateObject(this.machinery, context, target, object, parameters);
    }
    const retries = (object.metadata.resourceVersion ?? '') === '';
    const item = await this.#changeScale(context, target, parameters, retries, (scale, writer) =>
      updatedScale(scale, object, writer),
    );
    return { item, created: false };
  }

  async patch(context: RequestContext, target: Target, patch: PatchBody, parameters: WriteParameters): Promise<Item> {
    await this.#begin('patch', target, context);
    if (target.subresource !== 'scale') return patchObject(this.machinery, context, target, patch, parameters);
    return this.#changeScale(context, target, parameters, true, (scale, writer) =>
      updatedScale(scale, applyPatch(target.resource, scale, scale, patch), writer),
    );
  }

  async apply(
    context: RequestContext,
    target: Target,
    object: KubeObject,
    parameters: WriteParameters & { readonly force: boolean },
  ): Promise<UpdateResult> {
    await this.#begin('patch', target, context);
    this.#checkMaking(target, context);
    if (target.subresource !== 'scale') return applyObject(this.machinery, context, target, object, parameters);
    const item = await this.#changeScale(context, target, parameters, true, (scale, writer) =>
      appliedScale(scale, object, writer, parameters.force),
    );
    return { item, created: false };
  }

  async delete(context: RequestContext, target: Target, parameters: DeleteParameters): Promise<DeleteResult> {
    await this.#begin('delete', target, context);
    return deleteObject(this.machinery, context, target, parameters);
  }

  async deleteCollection(
    context: RequestContext,
    target: Target,
    selection: ListParameters,
    parameters: DeleteParameters,
  ): Promise<ListResult> {
    await this.#begin('deletecollection', selected(target, selection), context);
    return deleteCollection(this.machinery, context, target, selection, parameters);
  }

  /** Authorizes a stream or proxy and checks that it is served, and allowed with its options; the rest is transport. */
  async connect(context: RequestContext, target: Target, verb: Verb, options?: KubeObject): Promise<void> {
    await this.#begin(verb, target, context);
    if (options === undefined) return;
    await admitPart(this.machinery, { operation: 'CONNECT', target, context, object: options });
  }

  async #changeScale(
    context: RequestContext,
    target: Target,
    parameters: WriteParameters,
    retries: boolean,
    write: (scale: KubeObject, writer: { manager: string; now: string }) => KubeObject,
  ): Promise<Item> {
    const { resource } = target;
    const writer = { manager: managerOf(context, parameters), now: timestamp(this.machinery.clock.now()) };
    const { object } = await changeObject(this.machinery, context, target, parameters, {
      retries,
      applied: true,
      admitted: true,
      desired: async (current) => {
        const before = managedScaleOf(resource, current);
        const asked = {
          operation: 'UPDATE' as const,
          target,
          context,
          object: write(before, writer),
          oldObject: before,
        };
        const scale = await admitPart(this.machinery, asked, parameters);
        return withScaleManagers(resource, withScale(resource, current, scale), scale);
      },
    });
    return { object: scaleOf(resource, object) };
  }

  /** The objects of a resource that is not stored, in the namespace that is asked for. */
  async #made(context: RequestContext, { resource, namespace }: Target): Promise<readonly KubeObject[] | undefined> {
    const objects = await this.computed[`${resource.group}/${resource.plural}`]?.(context);
    return namespace === undefined ? objects : objects?.filter(({ metadata }) => metadata.namespace === namespace);
  }

  async #begin(verb: Verb, target: Target, context: RequestContext): Promise<void> {
    checkServed(verb, target);
    warnOfAge(target, context);
    this.#check(verb, target, context);
    if (context.signal.aborted) throw new ApiError('Timeout', 'the request was cancelled');
  }

  #check(verb: Verb, target: Target, context: RequestContext): void {
    const attributes = attributesOf(verb, target, context);
    const { allowed, reason } = this.authorize(attributes);
    if (!allowed) throw accessDenied(attributes, reason);
  }

  /** A write that makes the object when it is not there needs the right to do so as well. */
  #checkMaking(target: Target, context: RequestContext): void {
    const { name, subresource } = target;
    if (name === undefined || subresource !== undefined || context.user.groups.includes(MASTERS)) return;
    if (this.machinery.store.get(storageKey(target, name)) === undefined) this.#check('create', target, context);
  }
}

/** A selection of one object by its name is a request for that object: rules can allow it alone. */
const selected = (target: Target, { fieldSelector = '' }: { readonly fieldSelector?: string }): Target => {
  if (target.name !== undefined || !fieldSelector.includes('metadata.name')) return target;
  const [, name] = /(?:^|,)metadata\.name==?([^,=\\]+)(?:,|$)/.exec(fieldSelector) ?? [];
  return name === undefined ? target : { ...target, name };
};

/** Built-in kinds that nobody should begin with. */
const OLD_KINDS: Readonly<Record<string, string>> = {
  'v1/ComponentStatus': 'in v1.19+',
  'v1/Endpoints': 'in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

/** Versions that their author has given up say so on every request. */
const warnOfAge = (
  { resource: { definitionVersion, apiVersion, kind } }: Target,
  { warnings }: RequestContext,
): void => {
  const advice = OLD_KINDS[`${apiVersion}/${kind}`];
  if (advice !== undefined) warnings.push(`${apiVersion} ${kind} is deprecated ${advice}`);
  if (definitionVersion?.deprecated !== true) return;
  warnings.push(definitionVersion.deprecationWarning ?? `${apiVersion} ${kind} is deprecated`);
};

const attributesOf = (verb: Verb, { resource, namespace, name, subresource }: Target, context: RequestContext) => ({
  user: context.user,
  verb,
  group: resource.group,
  resource: resource.plural,
  ...(subresource === undefined ? {} : { subresource }),
  ...(namespace === undefined ? {} : { namespace }),
  ...(name === undefined ? {} : { name }),
});

/** The verb must be one that discovery lists. Throws NotFound or MethodNotAllowed. */
const checkServed = (verb: Verb, { resource, subresource }: Target): void => {
  if (subresource === undefined) {
    if (!resource.verbs.includes(verb)) throw methodNotAllowed(resource, verb);
    return;
  }
  const served = resource.subresources.find(({ name }) => name === subresource);
  if (served === undefined) throw noSuchResource();
  if (!served.verbs.includes(verb)) throw methodNotAllowed(resource, verb);
};
