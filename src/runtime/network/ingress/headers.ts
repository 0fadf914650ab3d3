import type { IncomingMessage } from 'node:http';

/** Headers that speak of one connection only (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Answered or set by us; what the client says of them is not passed on. */
const OWN = new Set([
  'expect',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
]);

const pairs = (raw: readonly string[]): readonly (readonly [string, string])[] =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? ''] as const);

/** Headers that the `Connection` header declares to be of this connection only. */
const named = (message: IncomingMessage): ReadonlySet<string> =>
  new Set((message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));

/** A message's headers without those of its connection, in order, as a flat list of names and values. */
export const endToEndHeaders = (message: IncomingMessage): string[] => {
  const connection = named(message);
  return pairs(message.rawHeaders)
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !connection.has(name.toLowerCase()))
    .flat();
};

/** Headers for the backend: the client's, and who asked, for which host, by which protocol. */
export const forwardedHeaders = (request: IncomingMessage, protocol: 'http' | 'https', port: number): string[] => {
  const kept = pairs(endToEndHeaders(request)).filter(([name]) => !OWN.has(name.toLowerCase()));
  const client = request.socket.remoteAddress ?? '';
  return [
    ...kept.flat(),
    'X-Forwarded-For',
    client,
    'X-Real-IP',
    client,
    'X-Forwarded-Host',
    request.headers.host ?? '',
    'X-Forwarded-Proto',
    protocol,
    'X-Forwarded-Port',
    String(port),
  ];
};
