import { readFileSync } from 'node:fs';
import { dataFile } from './schema-file.js';

/** What a new cluster of Kubernetes contains, by the kind of the objects; metadata is reduced to names and labels. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly unknown[];
  readonly clusterRoleBindings: readonly unknown[];
  readonly roles: readonly unknown[];
  readonly roleBindings: readonly unknown[];
  readonly flowSchemas: readonly unknown[];
  readonly priorityLevels: readonly unknown[];
}

/** Read when it is asked for: once, at the start of a server. */
export const bootstrapPolicy = (): BootstrapPolicy =>
  JSON.parse(readFileSync(dataFile('bootstrap-policy.json'), 'utf8')) as BootstrapPolicy;
