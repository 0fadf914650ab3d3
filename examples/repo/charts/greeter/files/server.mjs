import { createServer } from 'node:http';

const { GREETING: greeting = 'Hello', HOST: host = '0.0.0.0', PORT: port = '8080' } = process.env;
const server = createServer((request, response) => {
  const name = new URL(request.url, 'http://greeter').searchParams.get('name') ?? 'world';
  response.end(`${greeting}, ${name}!\n`);
});
server.listen(Number(port), host);
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
