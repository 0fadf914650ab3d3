import { readFileSync } from 'node:fs';

/** Version of this package, from its package.json. */
export const packageVersion = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

/** The Kubernetes whose API Fairlead speaks. */
export const KUBERNETES_VERSION = 'v1.35.2';
