// Serves the page, and says on /healthz whether it can.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const page = process.env.PAGE ?? new URL('index.html', import.meta.url);
const host = process.env.HOST ?? '0.0.0.0';
const port = Number(process.env.PORT ?? 8080);

const server = createServer(async (request, response) => {
  try {
    const text = await readFile(page, 'utf8');
    const isProbe = request.url === '/healthz';
    response.writeHead(200, { 'content-type': isProbe ? 'text/plain' : 'text/html; charset=utf-8' });
    response.end(isProbe ? 'ok\n' : text.replaceAll('{{environment}}', process.env.ENVIRONMENT ?? 'unknown'));
  } catch (error) {
    response.writeHead(503, { 'content-type': 'text/plain' });
    response.end(`${error.message}\n`);
  }
});

server.listen(port, host, () => console.log(`serving ${page} on http://${host}:${port}`));
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
