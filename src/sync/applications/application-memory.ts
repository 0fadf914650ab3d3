import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import type { Manifest } from '../../render/render.js';
import type { ComparisonMemory } from '../compare/compare.js';
import type { ScopeOf } from '../compare/served-kinds.js';
import type { Targets } from '../compare/targets.js';
import type { Application } from './application.js';
import type { DesiredState } from './source-parts.js';

/** What is deployed or to be deployed: manifests and where they came from. */
export interface Deployable {
  readonly revision: string;
  /** One a source, where there are several. */
  readonly revisions?: readonly string[];
  readonly digest: string;
  readonly manifests: readonly Manifest[];
}

/** What the sources say, to be deployed. */
export const deployableOf = ({ revisions, digest, manifests }: DesiredState): Deployable => ({
  revision: revisions[0] ?? '',
  ...(revisions.length > 1 ? { revisions } : {}),
  digest,
  manifests,
});

/** Targets, and what they were made of: made again only when one of these changed. */
export interface MadeTargets {
  readonly manifests: readonly Manifest[];
  readonly scopeOf: ScopeOf;
  readonly spec: Application['spec'];
  readonly project: object | undefined;
  readonly made: Targets;
}

/** An attempt of an operation that this process knows, with a clock that does not jump. */
export interface RunningAttempt {
  /** The operation, and the number of the attempt. */
  readonly id: string;
  readonly deployable: Deployable;
  /** When a person approved its deletions, in milliseconds since 1970: its time began again then. */
  readonly approval?: number;
  /** On the monotonic clock, in milliseconds: when the attempt began. */
  readonly since: number;
}

/** What the operator remembers of one application between two reconciles. All of it can be found again. */
export interface ApplicationMemory {
  /** The answer to the operator's newest write: informers may not have seen it yet. */
  written?: Application;
  readonly comparison: ComparisonMemory;
  targets: readonly MadeTargets[];
  attempt?: RunningAttempt;
  /** Milliseconds that the last reconcile took: applications that cost much are looked at less often. */
  lastCostMs: number;
}

export class ApplicationMemories {
  readonly #memories = new Map<string, ApplicationMemory>();

  of(key: ObjectKey): ApplicationMemory {
    const id = keyText(key);
    let memory = this.#memories.get(id);
    if (memory === undefined) {
      memory = { comparison: new Map(), targets: [], lastCostMs: 0 };
      this.#memories.set(id, memory);
    }
    return memory;
  }

  forget(key: ObjectKey): void {
    this.#memories.delete(keyText(key));
  }
}
