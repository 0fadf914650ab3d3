import type { ObjectKey } from '../../objects/object.js';
import type { ResourceId } from '../compare/resource-id.js';
import { resourceName } from '../compare/resource-id.js';
import { repositoryIdentity } from '../sources/repository-url.js';
import type { Application, AppProject, AppProjectSpec, ApplicationDestination, GroupKindRule } from './application.js';
import { APPLICATION_NAMESPACES, IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from './application.js';

/** The project of an application: in `argocd`, or beside the application. */
export const findProject = (
  { metadata, spec }: Application,
  get: (key: ObjectKey) => AppProject | undefined,
): AppProject | undefined =>
  get({ namespace: APPLICATION_NAMESPACES[0], name: spec.project }) ??
  get({ namespace: metadata.namespace ?? '', name: spec.project });

/** `*` stands for any text without or with slashes, `?` for one character. */
const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/\*+/g, '.*')
      .replaceAll('?', '.')}$`,
  );

export const matchesGlob = (pattern: string, text: string): boolean => glob(pattern).test(text);

const matches = matchesGlob;

/** Whether a list of patterns permits a text: one must match, and none that begins with `!` may. */
const permitted = (patterns: readonly string[], permits: (pattern: string) => boolean): boolean => {
  const denied = patterns.some((pattern) => pattern.startsWith('!') && permits(pattern.slice(1)));
  return !denied && patterns.some((pattern) => !pattern.startsWith('!') && permits(pattern));
};

export const permitsSource = (project: AppProjectSpec, repoURL: string): boolean =>
  permitted(
    project.sourceRepos ?? [],
    (pattern) => matches(pattern, repoURL) || matches(repositoryIdentity(pattern), repositoryIdentity(repoURL)),
  );

/** Whether objects may go to a cluster and namespace; a rule that begins with `!` denies. */
export const permitsDestination = (project: AppProjectSpec, destination: ApplicationDestination): boolean => {
  const rules = project.destinations ?? [];
  const server = destination.server ?? (destination.name === IN_CLUSTER_NAME ? IN_CLUSTER_SERVER : '');
  const name = destination.name ?? (destination.server === IN_CLUSTER_SERVER ? IN_CLUSTER_NAME : '');
  const namespace = destination.namespace ?? '';
  const cluster = (rule: ApplicationDestination): boolean =>
    rule.server === undefined || rule.server === ''
      ? matches(rule.name ?? '', name)
      : matches(rule.server.replace(/^!/, ''), server);
  const denies = rules.some(
    (rule) =>
      (rule.namespace?.startsWith('!') === true && cluster(rule) && matches(rule.namespace.slice(1), namespace)) ||
      (rule.server?.startsWith('!') === true && cluster(rule)),
  );
  if (denies) return false;
  return rules.some(
    (rule) =>
      rule.server?.startsWith('!') !== true &&
      rule.namespace?.startsWith('!') !== true &&
      cluster(rule) &&
      matches(rule.namespace ?? '', namespace),
  );
};

/** Whether objects may go to all namespaces of a cluster, those to come too. */
export const permitsEveryNamespace = (project: AppProjectSpec, destination: ApplicationDestination): boolean => {
  const rules = project.destinations ?? [];
  const denies = rules.some(({ namespace }) => namespace?.startsWith('!') === true);
  // No namespace has this name, and only a rule for all of them matches it.
  return !denies && permitsDestination(project, { ...destination, namespace: '\0' });
};

const named = (rules: readonly GroupKindRule[], id: ResourceId): boolean =>
  rules.some(
    (rule) =>
      matches(rule.group, id.group) &&
      matches(rule.kind, id.kind) &&
      (rule.name === undefined || rule.name === '' || matches(rule.name, id.name)),
  );

/**
 * Why a project does not permit an object; undefined when it does. Cluster-scoped kinds need an entry in the
 * whitelist; namespaced kinds are permitted unless there is a whitelist without them. Blacklists always count.
 */
export const refuseObject = (
  project: AppProjectSpec,
  destination: ApplicationDestination,
  id: ResourceId,
  scope: 'namespaced' | 'cluster',
): string | undefined => {
  const refusal = `${resourceName(id)} is not permitted by the project`;
  if (scope === 'cluster') {
    const allowed =
      named(project.clusterResourceWhitelist ?? [], id) && !named(project.clusterResourceBlacklist ?? [], id);
    return allowed ? undefined : refusal;
  }
  if (named(project.namespaceResourceBlacklist ?? [], id)) return refusal;
  const whitelist = project.namespaceResourceWhitelist;
  if (whitelist !== undefined && !named(whitelist, id)) return refusal;
  return permitsDestination(project, { ...destination, namespace: id.namespace })
    ? undefined
    : `${resourceName(id)}: namespace "${id.namespace}" is not a permitted destination of the project`;
};
