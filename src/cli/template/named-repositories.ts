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

/** The repository of that name in helm's own list. Throws ChartError when there is none. */
export const namedRepository = async (name: string, file = configFile()): Promise<NamedRepository> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const config: unknown = parse(text);
  const entries = typeof config === 'object' && config !== null && 'repositories' in config ? config.repositories : [];
  const found = (Array.isArray(entries) ? (entries as Record<string, unknown>[]) : []).find(
    (each) => each['name'] === name,
  );
  if (found === undefined || typeof found['url'] !== 'string') throw new ChartError(`repo ${name} not found`);
  const [ca, cert, key] = await Promise.all([found['caFile'], found['certFile'], found['keyFile']].map(readPem));
  const { username, password } = found;
  return {
    url: found['url'],
    access: {
      passCredentials: found['pass_credentials_all'] === true,
      insecureSkipTlsVerify: found['insecure_skip_tls_verify'] === true,
      ...(typeof username === 'string' && username !== '' ? { username } : {}),
      ...(typeof password === 'string' && password !== '' ? { password } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
};
