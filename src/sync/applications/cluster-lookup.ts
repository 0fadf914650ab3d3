import { createHash } from 'node:crypto';
import type { Client } from '../../cluster/client/client.js';
import { isApiError } from '../../objects/api-error.js';
import { groupOf } from '../../objects/kind.js';
import { writeJson } from '../../objects/lossless-json.js';
import type { KubeObject } from '../../objects/object.js';
import type { Answer, Question } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import type { LiveObjects } from '../compare/live-objects.js';
import type { Scope } from '../compare/served-kinds.js';
import type { AppProjectSpec, ApplicationDestination } from './application.js';
import { permitsDestination, permitsEveryNamespace, refuseObject } from './project-rules.js';

export type LookupQuestion = Question & { readonly ask: 'lookup' };

export interface ClusterLookupDeps {
  readonly client: Client;
  readonly live: Pick<LiveObjects, 'scopeOf' | 'apiVersions' | 'refreshKinds'>;
}

/** Who asks: what its project permits, and where it is deployed. */
export interface LookupRights {
  readonly project: AppProjectSpec;
  readonly projectName: string;
  readonly destination: ApplicationDestination;
}

/**
 * Answers Helm's `lookup` from the cluster, as far as a project permits to deploy what is asked for. An object that is
 * not there is an empty one; a version that is not served is an error, in Helm's words. Throws OutsideError.
 */
export const lookupInCluster = async (
  question: LookupQuestion,
  rights: LookupRights,
  deps: ClusterLookupDeps,
): Promise<Answer<'lookup'>> => {
  const { apiVersion, kind, namespace, name } = question;
  const scope = await scopeOf(question, deps);
  // Helm asks for a kind that a version does not have as for an object that is not there.
  if (scope === undefined) return answerOf({});
  const refusal = refuseLookup(question, scope, rights);
  if (refusal !== undefined) {
    throw new OutsideError(`${refusal}: project "${rights.projectName}" does not permit to look it up`);
  }
  const ref = { apiVersion, kind };
  const place = scope === 'namespaced' && namespace !== '' ? { namespace } : {};
  try {
    if (name === '') {
      const { items, resourceVersion } = await deps.client.list(ref, place);
      const whole = items.map((item) => ({ ...item, apiVersion, kind }));
      const list = { apiVersion, kind: `${kind}List`, metadata: { resourceVersion }, items: whole };
      // The version of a list changes with everything in the store: it does not count as another answer.
      return answerOf(list, whole);
    }
    // An object of a namespace is not found without it.
    if (scope === 'namespaced' && namespace === '') return answerOf({});
    return answerOf((await deps.client.get<KubeObject>(ref, { ...place, name })) ?? {});
  } catch (error) {
    if (isApiError(error, 'NotFound')) return answerOf({});
    throw new OutsideError((error as Error).message, { cause: error });
  }
};

const scopeOf = async (
  { apiVersion, kind }: LookupQuestion,
  { live }: ClusterLookupDeps,
): Promise<Scope | undefined> => {
  let scope = live.scopeOf(apiVersion, kind);
  if (scope !== undefined) return scope;
  await live.refreshKinds();
  scope = live.scopeOf(apiVersion, kind);
  if (scope !== undefined || live.apiVersions.includes(apiVersion)) return scope;
  throw new OutsideError(
    `unable to get apiresource from unstructured: ${apiVersion}, Kind=${kind}: the server could not find the requested resource`,
  );
};

const refuseLookup = (
  { apiVersion, kind, namespace, name }: LookupQuestion,
  scope: Scope,
  { project, destination }: LookupRights,
): string | undefined => {
  const id = { group: groupOf(apiVersion), kind, namespace: scope === 'namespaced' ? namespace : '', name };
  const isEverywhere = scope === 'namespaced' && namespace === '';
  if (isEverywhere && !permitsEveryNamespace(project, destination)) return `${kind} objects of all namespaces`;
  // Where every namespace is permitted, any will do to ask for the kind.
  const asked = isEverywhere ? { ...id, namespace: destination.namespace ?? 'default' } : id;
  if (refuseObject(project, destination, asked, scope) === undefined) return undefined;
  const what = name === '' ? `${kind} objects` : `${kind} "${name}"`;
  const where = scope === 'cluster' ? '' : ` in namespace "${asked.namespace}"`;
  const isPlace = scope === 'namespaced' && !permitsDestination(project, { ...destination, namespace });
  return `${what}${where}${isPlace ? ', which is not a permitted destination' : ''}`;
};

const answerOf = (value: object, identity: unknown = value): Answer<'lookup'> => ({
  id: createHash('sha1').update(writeJson(identity)).digest('base64'),
  value: value as Readonly<Record<string, unknown>>,
});
