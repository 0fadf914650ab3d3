import type { ServerResponse } from 'node:http';
import { isGone } from './multiplexer.js';
import type { FrameSink } from './watch-stream.js';

/** Frames one after the other as the body of a response. */
export const responseSink = (response: ServerResponse, contentType: string): FrameSink => {
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  return {
    send: (frames) => {
      const pieces = frames.length === 1 ? (frames[0] ?? []) : frames.flat();
      const [only] = pieces;
      return response.write(pieces.length === 1 ? only : Buffer.concat(pieces));
    },
    onDrain: (callback) => response.once('drain', callback),
    onClose: (callback) => response.once('close', callback),
    isClosed: () => isGone(response),
    end: () => response.end(),
    destroy: () => response.destroy(),
  };
};
