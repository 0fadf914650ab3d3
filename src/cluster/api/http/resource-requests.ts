import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../../../objects/api-error.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Pipeline } from '../operations/pipeline.js';
import type { ObjectWatch } from '../operations/watch.js';
import type { RequestContext, Target } from '../request.js';
import { invalid } from '../status-errors.js';
import { addWarnings, sendAnswer, type Answer } from './answers.js';
import { mediaTypeOf, PROTOBUF, readBody, unsupportedMediaType } from './bodies.js';
import { ACCEPTED, negotiate, notAcceptable, type Asked, type Negotiated } from './negotiation.js';
import { itemAnswer, listAnswer } from './object-forms.js';
import { decodeApplied, decodeObject, decodeOptions, decodePatch } from './request-objects.js';
import {
  asksForBackground,
  deleteParameters,
  flag,
  listParameters,
  watchParameters,
  writeParameters,
} from './parameters.js';
import { createFrameEncoder } from './watch-encoding.js';
import { openWatchSocket } from './watch-socket.js';
import { responseSink } from './watch-response.js';
import { streamWatch } from './watch-stream.js';

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
  const isWatching = isWatch(incoming);
  const negotiated = negotiate(request.headers.accept, askedFor(incoming.target, isWatching));
  if (isWatching) {
    checkWatchForm(incoming.target, negotiated);
    await watch(incoming, negotiated);
    return;
  }
  const answer = await methodOf(request)(incoming, negotiated).finally(() => {
    addWarnings(response, context.warnings);
  });
  await sendAnswer(request, response, answer, negotiated);
};

const askedFor = ({ name, subresource, resource }: Target, isWatching: boolean): Asked => ({
  shape: isWatching ? 'watch' : name === undefined && subresource === undefined ? 'list' : 'one',
  builtin: !resource.custom,
});

/** Custom resources have no protobuf form: that is said before the first frame. Throws NotAcceptable. */
const checkWatchForm = ({ resource }: Target, { format, as }: Negotiated): void => {
  const streams = `application/json;stream=watch, ${PROTOBUF};stream=watch`;
  if (format === 'yaml') throw new ApiError('NotAcceptable', `${ACCEPTED}${streams}`);
  if (format === 'protobuf' && as === undefined && resource.custom) throw notAcceptable();
};

export const isWatch = ({
  request,
  query,
  watch: byPath,
  target,
}: Pick<ResourceRequest, 'request' | 'query' | 'watch' | 'target'>): boolean =>
  request.method === 'GET' &&
  target.subresource === undefined &&
  (byPath || (target.name === undefined && flag(query, 'watch') === true));

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
  const parameters = writeParameters(query, 'CreateOptions');
  const body = await readBody(request);
  const { object, duplicates } = decodeObject(mediaTypeOf(request), body, target);
  const item = await pipeline.create(context, target, inNamespace(target, object), { ...parameters, duplicates });
  return itemAnswer(201, target.resource, item, negotiated, tableOptions(query));
};

const put: Method = async ({ pipeline, request, context, target, query }, negotiated) => {
  const parameters = writeParameters(query, 'UpdateOptions');
  const body = await readBody(request);
  const { object: sent, duplicates } = decodeObject(mediaTypeOf(request), body, target);
  const object = inNamespace(target, sent);
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
  const parameters = writeParameters(query, 'PatchOptions');
  const type = mediaTypeOf(request);
  if (type === APPLY_TYPE) {
    if (parameters.fieldManager === '') throw requiredManager();
    const { object: sent, duplicates } = decodeApplied(await readBody(request), target);
    const force = flag(query, 'force') ?? false;
    const { item, created } = await pipeline.apply(context, target, sent, { ...parameters, duplicates, force });
    return itemAnswer(created ? 201 : 200, target.resource, item, negotiated, tableOptions(query));
  }
  const known = PATCH_TYPES[type as keyof typeof PATCH_TYPES];
  if (known === undefined || (known === 'strategic' && target.resource.custom)) throw unknownPatch(target);
  if (flag(query, 'force') !== undefined) throw forceWithoutApply();
  const body = { type: known, body: decodePatch(await readBody(request), known) };
  const item = await pipeline.patch(context, target, body, parameters);
  return itemAnswer(200, target.resource, item, negotiated, tableOptions(query));
};

/** Built-in resources refuse what they have not heard of; custom ones name what they take. */
const unknownPatch = ({ resource }: Target): ApiError => {
  if (!resource.custom) return new ApiError('UnsupportedMediaType', '415: Unsupported Media Type', {});
  const taken = Object.keys(PATCH_TYPES).filter((known) => known !== 'application/strategic-merge-patch+json');
  return unsupportedMediaType([...taken, APPLY_TYPE]);
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
    const result = await pipeline.deleteCollection(context, target, listParameters(query), parameters);
    return listAnswer(target.resource, result, negotiated, tableOptions(query));
  }
  const { item, removed } = await pipeline.delete(context, target, parameters);
  if (removed && !returnsDeleted(target)) return { code: 200, body: deletedStatus(target, item.object) };
  const code = !removed && asksForBackground(query, options) ? 202 : 200;
  return itemAnswer(code, target.resource, item, negotiated, tableOptions(query));
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

const methodOf = ({ method = '' }: IncomingMessage): Method => METHODS[method] ?? get;

const METHODS: Readonly<Record<string, Method>> = {
  GET: get,
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

/** Watches end after half an hour to an hour, so that clients spread over the servers there are. */
const WATCH_MIN_SECONDS = 1800;
/** What a timer can count to, by far. */
const MAX_SECONDS = 7 * 24 * 3600;

const watch = async (incoming: ResourceRequest, negotiated: Negotiated): Promise<void> => {
  const { response, context, target, query } = incoming;
  const { watch: opened, lastsMs } = await openWatch(incoming);
  const encoder = createFrameEncoder(target.resource, negotiated, query.get('includeObject') ?? '');
  addWarnings(response, context.warnings);
  const sink = responseSink(response, encoder.contentType);
  await streamWatch(sink, opened, encoder, { lastsMs, signal: context.signal });
};

/** Opens the watch that a request asks for. What is wrong with its parameters is an answer of its own. */
const openWatch = async ({
  pipeline,
  context,
  target,
  query,
}: Pick<ResourceRequest, 'pipeline' | 'context' | 'target' | 'query'>): Promise<{
  readonly watch: ObjectWatch;
  readonly lastsMs: number;
}> => {
  const { timeoutSeconds = 0, ...parameters } = watchParameters(query);
  const seconds = timeoutSeconds > 0 ? timeoutSeconds : WATCH_MIN_SECONDS * (1 + Math.random());
  return { watch: await pipeline.watch(context, target, parameters), lastsMs: Math.min(seconds, MAX_SECONDS) * 1000 };
};

/** A watch over a websocket: the same frames, one message each. */
export const handleWatchSocket = async (
  incoming: Omit<ResourceRequest, 'response'>,
  connection: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> => {
  const { request, context, target, query } = incoming;
  const negotiated = negotiate(request.headers.accept, askedFor(target, true));
  checkWatchForm(target, negotiated);
  const { watch: opened, lastsMs } = await openWatch(incoming);
  const encoder = createFrameEncoder(target.resource, negotiated, query.get('includeObject') ?? '');
  const sink = await openWatchSocket(request, connection, negotiated.format === 'protobuf');
  await streamWatch(sink, opened, encoder, { lastsMs, signal: context.signal });
};
