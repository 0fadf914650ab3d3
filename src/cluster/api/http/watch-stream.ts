import type { ServerResponse } from 'node:http';
import { ApiError } from '../../../objects/api-error.js';
import { writeJson } from '../../../objects/lossless-json.js';
import type { Item } from '../operations/machinery.js';
import type { WatchFrame } from '../operations/watch.js';
import type { ServedResource } from '../request.js';
import { internal } from '../status-errors.js';
import { drained } from './answers.js';

/** How an object is written in the frames of one watch. */
export type FrameForm = (item: Item) => unknown;

const encoders: Readonly<Record<string, WeakMap<Uint8Array, Buffer>>> = {
  ADDED: new WeakMap(),
  MODIFIED: new WeakMap(),
  DELETED: new WeakMap(),
};

/** One line for an object as it is stored; made once for all watches that send it. */
const storedFrame = (type: string, bytes: Uint8Array): Buffer => {
  const cache = encoders[type] as WeakMap<Uint8Array, Buffer>;
  const known = cache.get(bytes);
  if (known !== undefined) return known;
  const frame = Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, Buffer.from('}\n')]);
  cache.set(bytes, frame);
  return frame;
};

const bookmark = (resource: ServedResource, resourceVersion: string, initialEventsEnd: boolean): unknown => ({
  kind: resource.kind,
  apiVersion: resource.apiVersion,
  metadata: {
    resourceVersion,
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  },
});

/** One frame as a line of JSON. */
export const frameLine = (frame: WatchFrame, resource: ServedResource, form: FrameForm | undefined): Buffer => {
  if (frame.type === 'BOOKMARK') {
    const object = bookmark(resource, frame.resourceVersion, frame.initialEventsEnd);
    return Buffer.from(
      `${JSON.stringify({ type: 'BOOKMARK', object: form === undefined ? object : form({ object: object as Item['object'] }) })}\n`,
    );
  }
  if (form === undefined && frame.item.bytes !== undefined) return storedFrame(frame.type, frame.item.bytes);
  const object = form === undefined ? frame.item.object : form(frame.item);
  return Buffer.from(`${writeJson({ type: frame.type, object })}\n`);
};

/** The end of a watch that failed, as a frame: the client lists again. */
export const errorLine = (error: unknown): Buffer => {
  const status = error instanceof ApiError ? error : internal('the watch failed');
  return Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status.toStatus() })}\n`);
};

/** A client that reads nothing for so long is gone, or as good as gone. */
const STALLED_MS = 60_000;

/**
 * Writes frames as they come, and waits while the client does not read: what piles up meanwhile piles up in the store's
 * queue, which has a limit and ends the watch. The connection of a client that reads nothing for long is closed.
 * Resolves when the watch is over.
 */
export const streamWatch = async (
  response: ServerResponse,
  frames: AsyncIterable<WatchFrame>,
  resource: ServedResource,
  form: FrameForm | undefined,
  stalledMs: number = STALLED_MS,
): Promise<void> => {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  try {
    for await (const frame of frames) {
      if (response.closed || response.destroyed) return;
      if (!response.write(frameLine(frame, resource, form))) await drainedWithin(response, stalledMs);
    }
  } catch (error) {
    if (!response.destroyed) response.write(errorLine(error));
  }
  response.end();
};

/** Waits until the response takes more; destroys it when that takes too long. */
const drainedWithin = async (response: ServerResponse, limitMs: number): Promise<void> => {
  const timer = setTimeout(() => response.destroy(), limitMs);
  timer.unref();
  await drained(response);
  clearTimeout(timer);
};
