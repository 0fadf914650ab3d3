import { STATUS_CODES } from 'node:http';
import { nodeCrypto } from '../../builtin-modules.js';
import { ChartError } from '../chart/chart-error.js';
import { MAX_CHART_SIZE } from '../chart/read-archive.js';
import type { OciReference } from './oci-reference.js';
import { basicAuthorization, get, type RepositoryAccess, type Response } from './request.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAG_PAGES = 100;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Manifest {
  readonly digest: string;
  readonly layers: readonly Descriptor[];
}

export const sha256 = (data: Uint8Array): string =>
  `sha256:${nodeCrypto().createHash('sha256').update(data).digest('hex')}`;

/** Talks to one repository of a registry, with the token that it asks for. */
export class OciRepository {
  private authorization: string | undefined;

  constructor(
    private readonly reference: OciReference,
    private readonly access: RepositoryAccess,
  ) {}

  private get base(): string {
    const scheme = this.access.plainHttp === true ? 'http' : 'https';
    return `${scheme}://${this.reference.host}/v2/${this.reference.repository}`;
  }

  private async get(path: string, accept: string, maxBytes: number): Promise<Response> {
    const url = new URL(path, `${this.base}/`).href;
    const send = (): Promise<Response> =>
      get(url, this.access, { maxBytes, authorization: this.authorization, headers: { accept } });
    const response = await send();
    if (response.status !== 401) return response;
    this.authorization = await this.authorize(url, response);
    return this.authorization === undefined ? response : await send();
  }

  /** Answers a registry's challenge: with the credentials, or with a token of the server that it names. */
  private async authorize(url: string, { headers }: Response): Promise<string | undefined> {
    const challenge = headers['www-authenticate'] ?? '';
    const basic = basicAuthorization(this.access);
    if (/^basic/i.test(challenge)) {
      if (basic === undefined) throw new ChartError(`GET ${JSON.stringify(url)}: basic credential not found`);
      return basic;
    }
    const parts = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const realm = parts.get('realm');
    if (!/^bearer/i.test(challenge) || realm === undefined) return undefined;
    const server = new URL(realm);
    if (server.protocol !== 'https:' && this.access.plainHttp !== true) {
      throw new ChartError(`${this.reference.host} wants its credentials sent to ${server.origin}, which has no TLS`);
    }
    server.searchParams.set('scope', parts.get('scope') ?? `repository:${this.reference.repository}:pull`);
    const service = parts.get('service');
    if (service !== undefined) server.searchParams.set('service', service);
    // The registry itself names its token server: that is where its credentials belong.
    const response = await get(server.href, this.access, { maxBytes: MAX_MANIFEST_BYTES, authorization: basic });
    const answer = readJson(contentOf(response, server.href, `GET ${JSON.stringify(url)}: `)) as TokenAnswer;
    const token = answer.token ?? answer.access_token;
    if (token === undefined) throw new ChartError(`GET ${JSON.stringify(url)}: ${server.href}: empty token returned`);
    return `Bearer ${token}`;
  }

  async tags(): Promise<string[]> {
    const tags: string[] = [];
    let path = 'tags/list';
    for (let page = 0; page < MAX_TAG_PAGES; page++) {
      const inHere = path.replace(/^\/v2\/.*?\/tags\//, 'tags/');
      const response = await this.get(inHere, 'application/json', MAX_MANIFEST_BYTES);
      const answer = readJson(contentOf(response, `${this.base}/${inHere}`)) as { tags?: string[] | null };
      tags.push(...(answer.tags ?? []));
      const next = /<([^>]+)>;\s*rel="?next"?/.exec(String(response.headers['link'] ?? ''))?.[1];
      if (next === undefined) return tags;
      path = next;
    }
    return tags;
  }

  /** By tag or digest. */
  async manifest(reference: string): Promise<Manifest> {
    const { host, repository } = this.reference;
    const isDigest = reference.startsWith('sha256:');
    const body = await failingAs('failed to perform "FetchReference" on source: ', async () => {
      const response = await this.get(`manifests/${reference}`, `${MANIFEST_TYPE}, ${INDEX_TYPE}`, MAX_MANIFEST_BYTES);
      if (response.status === 404) {
        throw new ChartError(`${host}/${repository}${isDigest ? '@' : ':'}${reference}: not found`);
      }
      return contentOf(response, `${this.base}/manifests/${reference}`);
    });
    const digest = sha256(body);
    if (isDigest && digest !== reference) {
      throw new ChartError(`the manifest of ${repository} does not have the digest ${reference}`);
    }
    return { digest, layers: (readJson(body) as { layers?: Descriptor[] | null }).layers ?? [] };
  }

  async blob(digest: string): Promise<Buffer> {
    const response = await this.get(`blobs/${digest}`, '*/*', MAX_CHART_SIZE);
    const data = contentOf(response, `${this.base}/blobs/${digest}`);
    if (sha256(data) !== digest) {
      throw new ChartError(`the content of ${this.reference.repository} does not have the digest ${digest}`);
    }
    return data;
  }
}

interface TokenAnswer {
  readonly token?: string;
  readonly access_token?: string;
}

const failingAs = async <T>(prefix: string, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    throw error instanceof ChartError ? new ChartError(`${prefix}${error.message}`) : error;
  }
};

const readJson = (data: Buffer): unknown => {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return value ?? {};
  } catch (error) {
    throw new ChartError(error instanceof Error ? error.message : 'no JSON');
  }
};

/** The content of an answer, or a ChartError that says what the registry says. */
const contentOf = ({ status, body }: Response, url: string, prefix = ''): Buffer => {
  if (status >= 200 && status < 300) return body;
  const said = problemsIn(body) ?? STATUS_CODES[status] ?? '';
  throw new ChartError(`${prefix}GET ${JSON.stringify(url)}: response status code ${status}: ${said}`);
};

interface RegistryProblem {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
}

/** `{"errors": [...]}`, in the words of ORAS. */
const problemsIn = (body: Buffer): string | undefined => {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const errors = typeof answer === 'object' && answer !== null && 'errors' in answer ? answer.errors : undefined;
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  return (errors as RegistryProblem[]).map(problemText).join('; ');
};

const problemText = ({ code, message, detail }: RegistryProblem): string => {
  const kind = textOf(code).replaceAll('_', ' ').toLowerCase();
  if (textOf(message) === '') return kind;
  const parts = [kind, textOf(message)];
  if (detail !== undefined && detail !== null) parts.push(goText(detail));
  return parts.join(': ');
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `%v` of Go. */
const goText = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
};
