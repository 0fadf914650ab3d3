import { readFile } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import type { LoadSchema } from '../../render/helm/schema/compile-schema.js';
import type { Json } from '../../render/helm/schema/json.js';
import { SchemaFailure } from '../../render/helm/schema/problem.js';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 16 * 1024 * 1024;

const resolver = async (): Promise<string> => {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return /^\s*nameserver\s+(\S+)/m.exec(text)?.[1] ?? '127.0.0.1';
};

/** What Go's client says of a request that failed, where the reason is a usual one. */
const problemOf = async (address: string, error: unknown): Promise<string> => {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const { hostname, port, protocol } = new URL(address);
  let problem = cause instanceof Error ? cause.message : String(cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    problem = `dial tcp: lookup ${hostname} on ${await resolver()}:53: no such host`;
  if (code === 'ECONNREFUSED')
    problem = `dial tcp ${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}: connect: connection refused`;
  return `HTTP request failed for ${address}: Get "${address}": ${problem}`;
};

/** Fetches a schema that the schema of a chart refers to, as Helm does. */
export const fetchSchema: LoadSchema = async (address) => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (error) {
    throw new SchemaFailure(await problemOf(address, error));
  }
  if (response.status !== 200) {
    const { status } = response;
    throw new SchemaFailure(`HTTP request to ${address} returned status ${status} (${STATUS_CODES[status] ?? ''})`);
  }
  if (text.length > MAX_BYTES) throw new SchemaFailure(`the schema has more than ${MAX_BYTES} bytes`);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new SchemaFailure(error instanceof Error ? error.message : String(error));
  }
};
