import { StringDecoder } from 'node:string_decoder';
import { ApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import type { KindOf } from '../../objects/kind.js';
import { readJson } from '../../objects/lossless-json.js';
import type { KubeObject } from '../../objects/object.js';
import type { ApiResource, WatchEvent, WatchOptions } from './client.js';
import { errorOfStatus } from './api-status.js';
import type { Discovery } from './discovery.js';
import { listPage, queryText, resourcePath } from './resource-path.js';
import type { HttpTransport } from './http-transport.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

interface WatchDeps {
  readonly transport: HttpTransport;
  readonly discovery: Discovery;
  readonly clock: Clock;
}

const PAGE = 500;
/** The server ends a watch after this time; we go on where it ended. Random, so that watches do not end together. */
const MIN_TIMEOUT_S = 300;
/** A watch that the server should have ended this long ago hangs on a dead connection. */
const GRACE_S = 30;
/** A watch shorter than this, again and again, is a server in trouble. */
const SHORT_MS = 1000;

/**
 * Watches over HTTP. Without a version the state comes from a paged list, which every Kubernetes version serves, then
 * a watch from there. Goes on by itself when the server ends a watch in the normal way.
 */
export async function* watchOverHttp<T extends KubeObject>(
  deps: WatchDeps,
  kind: KindOf<T>,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  try {
    const resource = await deps.discovery.resourceOf(kind);
    let version = options.resourceVersion;
    if (version === undefined) {
      version = yield* initialEvents<T>(deps, resource, options, signal);
      yield { type: 'bookmark', resourceVersion: version, initialEventsEnd: true };
    }
    while (!signal.aborted) {
      const startedAt = deps.clock.now();
      for await (const event of oneWatch<T>(deps, resource, options, version, signal)) {
        version =
          event.type === 'bookmark' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? version);
        yield event;
      }
      if (deps.clock.now() - startedAt < SHORT_MS) await deps.clock.sleep(SHORT_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* initialEvents<T extends KubeObject>(
  deps: WatchDeps,
  resource: ApiResource,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, string> {
  let next: string | undefined;
  for (;;) {
    const page = await listPage<T>(
      deps.transport,
      resource,
      { ...selection(options), limit: PAGE, ...(next === undefined ? {} : { continue: next }) },
      signal,
    );
    for (const object of page.items) yield { type: 'added', object };
    if (page.continue === undefined) return page.resourceVersion;
    next = page.continue;
  }
}

const selection = ({ namespace, labelSelector, fieldSelector }: WatchOptions) => ({
  ...(namespace === undefined ? {} : { namespace }),
  ...(labelSelector === undefined ? {} : { labelSelector }),
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
});

async function* oneWatch<T extends KubeObject>(
  deps: WatchDeps,
  resource: ApiResource,
  options: WatchOptions,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const timeoutSeconds = Math.round(MIN_TIMEOUT_S * (1 + Math.random()));
  const { namespace, ...selectors } = selection(options);
  const query = { watch: '1', allowWatchBookmarks: 'true', resourceVersion: version, timeoutSeconds, ...selectors };
  const path = resourcePath(resource, namespace === undefined ? {} : { namespace }) + queryText(query);
  const late = timeoutSignal((timeoutSeconds + GRACE_S) * 1000);
  const pieces = deps.transport.stream({ method: 'GET', path }, AbortSignal.any([signal, late]));
  for await (const frame of frames(pieces)) yield eventOf<T>(frame, resource);
}

/** Longest single event that is accepted, in characters. */
const FRAME_LIMIT = 64 * 1024 * 1024;

/** Lines of JSON out of pieces that break anywhere, also inside a character. */
async function* frames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.write(Buffer.from(piece))).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > FRAME_LIMIT) throw new ApiError('InternalError', 'a watch event is too large');
    for (const line of lines) {
      if (line.trim() !== '') yield readJson(line) as Readonly<Record<string, unknown>>;
    }
  }
}

const EVENT_TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

const eventOf = <T extends KubeObject>(
  frame: Readonly<Record<string, unknown>>,
  { apiVersion, kind }: ApiResource,
): WatchEvent<T> => {
  const object = frame['object'] as T;
  switch (frame['type']) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: EVENT_TYPES[frame['type']], object: { ...object, apiVersion, kind } };
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: object.metadata.resourceVersion ?? '', initialEventsEnd: false };
    case 'ERROR':
      throw errorOfStatus(object);
    default:
      throw new ApiError('InternalError', `the server sent a watch event of type ${JSON.stringify(frame['type'])}`);
  }
};
