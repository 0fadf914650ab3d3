import type { KubeObject } from '../../objects/object.js';
import type { SyncPhase } from '../applications/application.js';

export const SYNC_WAVE = 'argocd.argoproj.io/sync-wave';
export const HOOK = 'argocd.argoproj.io/hook';
export const HOOK_DELETE_POLICY = 'argocd.argoproj.io/hook-delete-policy';
export const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';
export const COMPARE_OPTIONS = 'argocd.argoproj.io/compare-options';
export const DELETION_APPROVED = 'argocd.argoproj.io/deletion-approved';
const HELM_HOOK = 'helm.sh/hook';
const HELM_HOOK_WEIGHT = 'helm.sh/hook-weight';
const HELM_HOOK_DELETE_POLICY = 'helm.sh/hook-delete-policy';

export type HookType = SyncPhase | 'Skip' | 'PreDelete' | 'PostDelete';
export type HookDeletePolicy = 'HookSucceeded' | 'HookFailed' | 'BeforeHookCreation';

const HOOK_TYPES = new Set<string>(['PreSync', 'Sync', 'PostSync', 'SyncFail', 'Skip', 'PreDelete', 'PostDelete']);
const HELM_HOOKS: Readonly<Record<string, HookType | undefined>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'pre-delete': 'PreDelete',
  'post-delete': 'PostDelete',
};
const DELETE_POLICIES = new Set<string>(['HookSucceeded', 'HookFailed', 'BeforeHookCreation']);
const HELM_DELETE_POLICIES: Readonly<Record<string, HookDeletePolicy | undefined>> = {
  'hook-succeeded': 'HookSucceeded',
  'hook-failed': 'HookFailed',
  'before-hook-creation': 'BeforeHookCreation',
};

const annotation = (object: KubeObject, name: string): string | undefined => object.metadata.annotations?.[name];

/** The items of an annotation that is a comma-separated list. */
const items = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const integer = (text: string | undefined): number | undefined =>
  text !== undefined && /^[+-]?\d+$/.test(text.trim()) ? Number.parseInt(text, 10) : undefined;

/** The sync wave: the annotation when it is an integer, else Helm's hook weight, else 0. */
export const waveOf = (object: KubeObject): number =>
  integer(annotation(object, SYNC_WAVE)) ?? integer(annotation(object, HELM_HOOK_WEIGHT)) ?? 0;

/**
 * Which hooks an object is; empty for a plain object. Argo CD's annotation counts before Helm's. Helm's `crd-install`
 * is a plain object; `test` and the rollback hooks never run, which is what `Skip` says.
 */
export const hookTypes = (object: KubeObject): readonly HookType[] => {
  const own = items(annotation(object, HOOK)).filter((item) => HOOK_TYPES.has(item));
  if (own.length > 0) return [...new Set(own)] as HookType[];
  const helm = items(annotation(object, HELM_HOOK));
  if (helm.length === 0 || helm.includes('crd-install')) return [];
  const mapped = helm.flatMap((item) => HELM_HOOKS[item] ?? []);
  return mapped.length > 0 ? [...new Set(mapped)] : ['Skip'];
};

export const isHook = (object: KubeObject): boolean => hookTypes(object).length > 0;

/** When to delete a hook; `BeforeHookCreation` where nothing is said. */
export const deletePolicies = (object: KubeObject): readonly HookDeletePolicy[] => {
  const stated = statedDeletePolicies(object);
  return stated.length > 0 ? stated : ['BeforeHookCreation'];
};

/** The same, empty where nothing is said. */
export const statedDeletePolicies = (object: KubeObject): readonly HookDeletePolicy[] => {
  const own = items(annotation(object, HOOK_DELETE_POLICY)).filter((item) => DELETE_POLICIES.has(item));
  const helm = items(annotation(object, HELM_HOOK_DELETE_POLICY)).flatMap((item) => HELM_DELETE_POLICIES[item] ?? []);
  return [...new Set([...(own as HookDeletePolicy[]), ...helm])];
};

/** Whether an object's own sync options hold `option`, such as `Prune=false`. */
export const hasSyncOption = (object: KubeObject, option: string): boolean =>
  items(annotation(object, SYNC_OPTIONS)).includes(option);

/** Whether an object's compare options hold `option`, such as `IgnoreExtraneous`. */
export const hasCompareOption = (object: KubeObject, option: string): boolean =>
  items(annotation(object, COMPARE_OPTIONS)).includes(option);

/** The value of a `Name=value` option: the object's own annotation counts before the application's options. */
export const syncOption = (
  name: string,
  object: KubeObject | undefined,
  applicationOptions: readonly string[],
): string | undefined => {
  const prefix = `${name}=`;
  const find = (options: readonly string[]): string | undefined =>
    options.findLast((option) => option.startsWith(prefix))?.slice(prefix.length);
  return (object === undefined ? undefined : find(items(annotation(object, SYNC_OPTIONS)))) ?? find(applicationOptions);
};
