import type { IncomingMessage, ServerResponse } from 'node:http';
import { fastify } from 'fastify';
import type { Logger } from 'pino';

/** Serves something of its own below a path prefix; gets the raw request, because bodies may be large streams. */
export interface WebRoute {
  /** `/git/`: begins and ends with a slash. */
  readonly prefix: string;
  readonly handle: (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface WebServer {
  /** `http://127.0.0.1:8090`. */
  readonly url: string;
  close(): Promise<void>;
}

/** The web port: health for those who watch the process, and the routes given. Loopback unless told otherwise. */
export const startWebServer = async (options: {
  readonly host: string;
  readonly port: number;
  readonly routes: readonly WebRoute[];
  readonly isReady: () => boolean;
  readonly log: Logger;
}): Promise<WebServer> => {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/healthz', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => (options.isReady() ? 'ok\n' : reply.code(503).send('starting\n')));
  for (const { prefix, handle } of options.routes) {
    // Bodies go through unread: the route streams them.
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.all(`${prefix}*`, async (request, reply) => {
        reply.hijack();
        const path = new URL(request.url, 'http://localhost').pathname.slice(prefix.length - 1);
        await handle(path, request.raw, reply.raw).catch((error: unknown) => {
          options.log.error({ err: error, path }, 'web request failed');
          reply.raw.destroy();
        });
      });
    });
  }
  const url = await app.listen({ host: options.host, port: options.port });
  return {
    url,
    close: async () => {
      await app.close();
    },
  };
};
