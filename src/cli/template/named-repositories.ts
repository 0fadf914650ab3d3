import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { parse } from 'yaml';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import type { RepositoryAccess } from '../../render/helm/repositories/request.js';

interface NamedRepository {
  readonly url: string;
  readonly access: RepositoryAccess;
}

/** Where `helm repo add` writes. */
const configFile = (): string =>
  env['HELM_REPOSITORY_CONFIG'] ??
  join(
    env['HELM_CONFIG_HOME'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'helm'),
    'repositories.yaml',
  );

const readPem = async (path: unknown): Promise<string | undefined> =>
  typeof path === 'string' && path !== '' ? await readFile(path, 'utf8') : undefined;

type Entry = Readonly<Record<string, unknown>>;

const entriesOf = async (file = configFile()): Promise<readonly Entry[]> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const config: unknown = parse(text);
  const entries = typeof config === 'object' && config !== null && 'repositories' in config ? config.repositories : [];
  return Array.isArray(entries) ? (entries as Entry[]) : [];
};

/** The repository of that name in helm's own list. Throws ChartError when there is none. */
export const namedRepository = async (name: string, file?: string): Promise<NamedRepository> => {
  const found = (await entriesOf(file)).find((each) => each['name'] === name);
  if (found === undefined || typeof found['url'] !== 'string') throw new ChartError(`repo ${name} not found`);
  return { url: found['url'], access: await accessOf(found) };
};

const withoutSlash = (url: unknown): unknown => (typeof url === 'string' ? url.replace(/\/+$/, '') : url);

/** How helm's own list says that the repository at an address is reached; undefined when it is not in the list. */
export const accessAt = async (url: string, file?: string): Promise<RepositoryAccess | undefined> => {
  const found = (await entriesOf(file)).find((each) => withoutSlash(each['url']) === withoutSlash(url));
  return found === undefined ? undefined : await accessOf(found);
};

const accessOf = async (entry: Entry): Promise<RepositoryAccess> => {
  const [ca, cert, key] = await Promise.all([entry['caFile'], entry['certFile'], entry['keyFile']].map(readPem));
  const { username, password } = entry;
  return {
    passCredentials: entry['pass_credentials_all'] === true,
    insecureSkipTlsVerify: entry['insecure_skip_tls_verify'] === true,
    ...(typeof username === 'string' && username !== '' ? { username } : {}),
    ...(typeof password === 'string' && password !== '' ? { password } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};
