import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../../objects/api-error.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Pipeline } from '../operations/pipeline.js';
import { tableOf } from '../printers/table.js';
import type { RequestContext, Target } from '../request.js';
import { invalid, methodNotAllowed } from '../status-errors.js';
import { addWarnings, sendAnswer, type Answer } from './answers.js';
import { mediaTypeOf, readBody, unsupportedMediaType } from './bodies.js';
import { negotiate, type Negotiated } from './negotiation.js';
import { itemAnswer, listAnswer, partialObject } from './object-forms.js';
import { decodeObject, decodeOptions, decodePatch } from './request-objects.js';
import { deleteParameters, flag, listParameters, watchParameters, writeParameters } from './parameters.js';
import { streamWatch, type FrameForm } from './watch-stream.js';

/** One request to a resource, with what its handling needs. */
export interface ResourceRequest {
  readonly pipeline: Pipeline;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: RequestContext;
  readonly target: Target;
  readonly query: URLSearchParams;
  /** True below the old `/watch/` prefix. */
  readonly watch: boolean;
}

/** Answers a request to a resource. */
export const handleResource = async (incoming: ResourceRequest): Promise<void> => {
  const { request, response, context } = incoming;
  const negotiated = negotiate(request.headers.accept);
  if (isWatch(incoming)) {
    if (negotiated.format !== 'json') throw watchesAreJson();
    await watch(incoming, negotiated);
    return;
  }
  const answer = await METHODS[request.method ?? '']?.(incoming, negotiated);
  if (answer === undefined) throw methodNotAllowed(incoming.target.resource, request.method ?? '');
  addWarnings(response, context.warnings);
  await sendAnswer(request, response, answer, negotiated);
};

const watchesAreJson = (): ApiError => new ApiError('NotAcceptable', 'watches are sent as application/json only');

const isWatch = ({ request, query, watch: byPath, target }: ResourceRequest): boolean =>
  request.method === 'GET' && target.subresource === undefined && (byPath || flag(query, 'watch') === true);

type Method = (incoming: ResourceRequest, negotiated: Negotiated) => Promise<Answer>;

const tableOptions = (query: URLSearchParams) => ({ includeObject: query.get('includeObject') ?? '' });

const get: Method = async ({ pipeline, context, target, query }, negotiated) => {
  if (target.name !== undefined) {
    const resourceVersion = query.get('resourceVersion') ?? '';
    const item = await pipeline.get(context, target, { resourceVersion });
    return itemAnswer(200, target.resource, item, negotiated, tableOptions(query));
  }
  const result = await pipeline.list(context, target, listParameters(query));
  return listAnswer(target.resource, result, negotiated, tableOptions(query));
};

const post: Method = async ({ pipeline, request, context, target, query }, negotiated) => {
  if (target.name !== undefined && target.subresource === undefined) throw methodNotAllowed(target.resource, 'POST');
  const parameters = writeParameters(query, 'CreateOptions');
  const body = await readBody(request);
  const { object, duplicates } = decodeObject(mediaTypeOf(request), body, target);
  const item = await pipeline.create(context, target, inNamespace(target, object), { ...parameters, duplicates });
  return itemAnswer(201, target.resource, item, negotiated, tableOptions(query));
};

const put: Method = async ({ pipeline, request, context, target, query }, negotiated) => {
  if (target.name === undefined) throw methodNotAllowed(target.resource, 'PUT');
  const parameters = writeParameters(query, 'UpdateOptions');
  const body = await readBody(request);
  const { object: sent, duplicates } = decodeObject(mediaTypeOf(request), body, target);
  const object = inNamespace(target, named(target, sent));
  const { item, created } = await pipeline.update(context, target, object, { ...parameters, duplicates });
  return itemAnswer(created ? 201 : 200, target.resource, item, negotiated, tableOptions(query));
};

const PATCH_TYPES = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
} as const;

const APPLY_TYPE = 'application/apply-patch+yaml';

const patch: Method = async ({ pipeline, request, context, target, query }, negotiated) => {
  if (target.name === undefined) throw methodNotAllowed(target.resource, 'PATCH');
  const parameters = writeParameters(query, 'PatchOptions');
  const type = mediaTypeOf(request);
  if (type === APPLY_TYPE) {
    if (parameters.fieldManager === '') throw requiredManager();
    const { object: sent, duplicates } = decodeObject('application/yaml', await readBody(request), target);
    const force = flag(query, 'force') ?? false;
    const object = inNamespace(target, named(target, sent));
    const { item, created } = await pipeline.apply(context, target, object, { ...parameters, duplicates, force });
    return itemAnswer(created ? 201 : 200, target.resource, item, negotiated, tableOptions(query));
  }
  const known = PATCH_TYPES[type as keyof typeof PATCH_TYPES];
  if (known === undefined) throw unsupportedMediaType([...Object.keys(PATCH_TYPES), APPLY_TYPE]);
  if (flag(query, 'force') !== undefined) throw forceWithoutApply();
  const body = { type: known, body: decodePatch(await readBody(request)) };
  const item = await pipeline.patch(context, target, body, parameters);
  return itemAnswer(200, target.resource, item, negotiated, tableOptions(query));
};

const patchOptionsInvalid = (reason: string, field: string, message: string): ApiError =>
  invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason, field, message }]);

const requiredManager = (): ApiError =>
  patchOptionsInvalid('FieldValueRequired', 'fieldManager', 'Required value: is required for apply patch');

const forceWithoutApply = (): ApiError =>
  patchOptionsInvalid('FieldValueForbidden', 'force', 'Forbidden: may not be specified for non-apply patch');

const remove: Method = async ({ pipeline, request, context, target, query }, negotiated) => {
  const type = mediaTypeOf(request);
  const options = decodeOptions(type, await readBody(request), 'DeleteOptions');
  const parameters = deleteParameters(query, options);
  if (target.name === undefined) {
    const items = await pipeline.deleteCollection(context, target, listParameters(query), parameters);
    const result = { items, resourceVersion: String(pipeline.machinery.store.revision) };
    return listAnswer(target.resource, result, negotiated, tableOptions(query));
  }
  const { item, removed } = await pipeline.delete(context, target, parameters);
  if (removed && !returnsDeleted(target)) return { code: 200, body: deletedStatus(target, item.object) };
  return itemAnswer(isHeld(item.object, removed) ? 202 : 200, target.resource, item, negotiated, tableOptions(query));
};

/** Resources whose last state is the answer to their deletion. */
const RETURNED = new Set([
  'pods',
  'podtemplates',
  'persistentvolumes',
  'persistentvolumeclaims',
  'services',
  'serviceaccounts',
  'resourcequotas',
]);

const returnsDeleted = ({ resource }: Target): boolean => resource.group === '' && RETURNED.has(resource.plural);

const isHeld = ({ metadata }: KubeObject, removed: boolean): boolean =>
  !removed && (metadata.finalizers ?? []).some((name) => name === 'foregroundDeletion' || name === 'orphan');

const deletedStatus = ({ resource }: Target, { metadata }: KubeObject): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: metadata.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: metadata.uid,
  },
});

const METHODS: Readonly<Record<string, Method>> = {
  GET: get,
  HEAD: get,
  POST: post,
  PUT: put,
  PATCH: patch,
  DELETE: remove,
};

/** The object in the namespace of the path, when it does not name one itself. */
const inNamespace = ({ namespace, resource }: Target, object: KubeObject): KubeObject =>
  resource.namespaced && namespace !== undefined && (object.metadata.namespace ?? '') === ''
    ? { ...object, metadata: { ...object.metadata, namespace } }
    : object;

const named = ({ name }: Target, object: KubeObject): KubeObject =>
  name !== undefined && (object.metadata.name ?? '') === ''
    ? { ...object, metadata: { ...object.metadata, name } }
    : object;

/** Watches end after half an hour to an hour, so that clients spread over the servers there are. */
const WATCH_MIN_SECONDS = 1800;

const watch = async (incoming: ResourceRequest, negotiated: Negotiated): Promise<void> => {
  const { pipeline, response, context, target, query } = incoming;
  const { timeoutSeconds = 0, ...parameters } = watchParameters(query);
  const seconds = timeoutSeconds > 0 ? timeoutSeconds : WATCH_MIN_SECONDS * (1 + Math.random());
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const timer = delay(seconds * 1000, undefined, { signal, ref: false }).then(
    () => ended.abort(),
    () => undefined,
  );
  try {
    const frames = await pipeline.watch({ ...context, signal }, target, parameters);
    // What is wrong with the parameters is an answer of its own; after the first frame it could only be an event.
    await streamWatch(response, frames, target.resource, frameForm(target, negotiated, query));
  } finally {
    ended.abort();
    await timer;
  }
};

const frameForm = (
  { resource }: Target,
  { as, asVersion }: Negotiated,
  query: URLSearchParams,
): FrameForm | undefined => {
  if (as === 'PartialObjectMetadata') return (item) => partialObject(item, asVersion);
  if (as !== 'Table') return undefined;
  let first = true;
  return (item) => {
    const { resourceVersion = '' } = item.object.metadata;
    const table = tableOf(resource, [item], { resourceVersion }, asVersion, {
      ...tableOptions(query),
      withoutColumns: !first,
    });
    first = false;
    return table;
  };
};
