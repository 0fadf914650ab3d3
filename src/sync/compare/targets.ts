import type { KubeObject } from '../../objects/object.js';
import type { Manifest } from '../../render/render.js';
import { hasSyncOption, hookTypes, waveOf } from '../execute/annotations.js';
import type { HookType } from '../execute/annotations.js';
import { digestOf } from './digest.js';
import type { ResourceId } from './resource-id.js';
import { resourceIdOf, resourceIdText, resourceName } from './resource-id.js';
import type { ScopeOf } from './served-kinds.js';
import { definedScopes } from './served-kinds.js';
import { withTracking } from './tracking.js';

/** One object that an application wants, ready to be applied. */
export interface Target {
  readonly id: ResourceId;
  /** `resourceIdText(id)`. */
  readonly key: string;
  /** With its namespace and tracking id. */
  readonly object: KubeObject;
  readonly digest: string;
  readonly hooks: readonly HookType[];
  readonly wave: number;
  readonly file: string;
  readonly line: number;
  /** The kind is not served yet: its definition is among the targets, or the object says to wait for it. */
  readonly awaitsKind: boolean;
}

/** Something wrong with what was rendered. */
export interface TargetProblem {
  readonly reason: 'UnknownKind' | 'InvalidManifest' | 'NotPermitted' | 'DuplicateObject';
  readonly message: string;
}

export interface Targets {
  readonly targets: readonly Target[];
  /** Nothing may be deployed while there is one. */
  readonly problems: readonly TargetProblem[];
  /** Objects that are written twice in the same way: harmless, and worth telling. */
  readonly repeated: readonly string[];
}

export interface TargetOptions {
  /** The application's name in tracking ids. */
  readonly instance: string;
  /** For objects that name no namespace. */
  readonly namespace: string | undefined;
  readonly scopeOf: ScopeOf;
  /** Why the project does not permit an object; undefined when it does. */
  readonly refuse: (id: ResourceId, scope: 'namespaced' | 'cluster') => string | undefined;
  /** The application's `syncOptions`. */
  readonly syncOptions: readonly string[];
}

const SKIP_DRY_RUN = 'SkipDryRunOnMissingResource=true';

/**
 * Gives every manifest its place in the cluster. What has none, or two different ones, is a problem with file and
 * line; two manifests that say the same are one object and a warning.
 */
export const buildTargets = (manifests: readonly Manifest[], options: TargetOptions): Targets => {
  const defined = definedScopes(manifests.map(({ object }) => object));
  const byKey = new Map<string, Target>();
  const problems: TargetProblem[] = [];
  const repeated: string[] = [];
  for (const manifest of manifests) {
    const made = buildTarget(manifest, defined, options);
    if ('reason' in made) {
      problems.push(made);
      continue;
    }
    const earlier = byKey.get(made.key);
    if (earlier !== undefined) {
      const places = `${placeOf(earlier)} and ${placeOf(made)}`;
      if (earlier.digest === made.digest) repeated.push(`${resourceName(made.id)} appears twice, at ${places}`);
      else {
        const message = `${places}: ${resourceName(made.id)} is written twice, and differently; remove one of them`;
        problems.push({ reason: 'DuplicateObject', message });
      }
    }
    byKey.set(made.key, made);
  }
  return { targets: [...byKey.values()], problems, repeated };
};

/** `web/deployment.yaml:12`. */
export const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}:${line}`;

const buildTarget = (manifest: Manifest, defined: ScopeOf, options: TargetOptions): Target | TargetProblem => {
  const { object, file, line } = manifest;
  const invalid = (why: string): TargetProblem => ({
    reason: 'InvalidManifest',
    message: `${placeOf(manifest)}: ${why}`,
  });
  const hooks = hookTypes(object);
  const { name, generateName } = object.metadata as { readonly name?: string; readonly generateName?: string };
  if (name === undefined || name === '') {
    if (generateName === undefined) return invalid(`${object.kind} has no metadata.name`);
    if (hooks.length === 0) return invalid(`${object.kind} has generateName, which only a hook may have`);
  }
  const served = options.scopeOf(object.apiVersion, object.kind);
  const scope = served ?? defined(object.apiVersion, object.kind);
  const waits = hasSyncOption(object, SKIP_DRY_RUN) || options.syncOptions.includes(SKIP_DRY_RUN);
  if (scope === undefined && !waits) {
    const what = `no kind "${object.kind}" in "${object.apiVersion}"`;
    return { reason: 'UnknownKind', message: `${placeOf(manifest)}: the cluster serves ${what}` };
  }
  const placed = withScope(object, scope ?? 'namespaced', options.namespace);
  if (placed === undefined)
    return invalid(`${object.kind} "${name ?? ''}" has no namespace, and the destination names none`);
  const id = resourceIdOf(placed);
  const refusal = options.refuse(id, scope ?? 'namespaced');
  if (refusal !== undefined) return { reason: 'NotPermitted', message: `${placeOf(manifest)}: ${refusal}` };
  const tracked = withTracking(placed, options.instance);
  return {
    id,
    key: resourceIdText(id),
    object: tracked,
    digest: digestOf(tracked),
    hooks,
    wave: waveOf(object),
    file,
    line,
    awaitsKind: served === undefined,
  };
};

/** The object in its namespace, or in none; undefined when it needs one and there is none. */
const withScope = (object: KubeObject, scope: 'namespaced' | 'cluster', fallback?: string): KubeObject | undefined => {
  const { namespace, ...metadata } = object.metadata;
  if (scope === 'cluster') return namespace === undefined ? object : { ...object, metadata };
  if (namespace !== undefined && namespace !== '') return object;
  if (fallback === undefined || fallback === '') return undefined;
  return { ...object, metadata: { ...metadata, namespace: fallback } };
};
