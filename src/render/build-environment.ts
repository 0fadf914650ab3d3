import type { Outside } from './outside.js';
import type { SourceOptions } from './render.js';

const REFERENCE = /\$(?:\{([^}]*)\}|([*#$@!?0-9-])|([A-Za-z_][A-Za-z0-9_]*)|(\{))/g;

/**
 * Replaces `$NAME` and `${NAME}` by what the build environment has, as Argo CD does: a name that it does not have is
 * replaced by nothing, and `$$` is a dollar sign.
 */
export const expandVariables = (text: string, valueOf: (name: string) => string): string =>
  text.replaceAll(REFERENCE, (_match, braced?: string, special?: string, bare?: string) => {
    const name = braced ?? special ?? bare ?? '';
    return name === '$' ? '$' : name === '' ? '' : valueOf(name);
  });

/** The variables of a build as the world outside knows them; without it, what the options say. */
export const environmentOf =
  (options: SourceOptions, outside: Outside | undefined): ((name: string) => string) =>
  (name) =>
    outside?.environment?.(name) ?? ownVariables(options).get(name) ?? '';

const ownVariables = ({ applicationName, namespace, path }: SourceOptions): ReadonlyMap<string, string> =>
  new Map([
    ['ARGOCD_APP_NAME', applicationName],
    ['ARGOCD_APP_NAMESPACE', namespace],
    ['ARGOCD_APP_SOURCE_PATH', path],
  ]);
