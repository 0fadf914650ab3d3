import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import type { RepositoryAccess } from '../../render/helm/repositories/request.js';

/** Where `helm registry login` writes, and where `docker login` does. */
const configFiles = (given: string | undefined): string[] => [
  given ??
    env['HELM_REGISTRY_CONFIG'] ??
    join(
      env['HELM_CONFIG_HOME'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'helm'),
      'registry',
      'config.json',
    ),
  join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json'),
];

const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The credentials that somebody logged in with at the registry of an address. Helpers that keep credentials elsewhere are
 * programs, and nothing is executed.
 */
export const loginAt = async (
  address: string,
  registryConfig: string | undefined,
): Promise<Pick<RepositoryAccess, 'username' | 'password'>> => {
  const host = address.replace(/^oci:\/\//, '').replace(/\/.*$/, '');
  const key = DOCKER_HUB.has(host) ? 'https://index.docker.io/v1/' : host;
  for (const file of configFiles(registryConfig)) {
    const auth = authIn(await readFile(file, 'utf8').catch(() => '{}'), key);
    const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(auth ?? '', 'base64').toString('utf8')) ?? [];
    if (username !== undefined && password !== undefined) return { username, password };
  }
  return {};
};

const authIn = (text: string, host: string): string | undefined => {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entry = fieldOf(fieldOf(config, 'auths'), host);
  const auth = fieldOf(entry, 'auth');
  return typeof auth === 'string' ? auth : undefined;
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
