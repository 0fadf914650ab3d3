import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';
import type { AdmissionPlugin } from '../plugins/admission-plugin.js';
import type { ServedResource } from '../request.js';
import type { ResourceRegistry } from '../resource-registry.js';
import type { Allocations } from '../plugins/service-allocation.js';
import type { KindRules } from './kind-rules.js';

/** What every operation works with. */
export interface Machinery {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: ResourceRegistry;
  readonly rules: KindRules;
  readonly plugins: readonly AdmissionPlugin[];
  readonly allocations: Allocations;
  /** Asked last of all: who has no room for something learns first what is wrong with it. */
  readonly quotas: Allocations;
  /** The object in a version that is served or stored; at once unless a webhook must be asked. */
  convert(object: KubeObject, apiVersion: string, resource: ServedResource): KubeObject | Promise<KubeObject>;
}

/** An object as an answer gives it. `bytes` is its JSON where the store has it ready. */
export interface Item {
  readonly object: KubeObject;
  readonly bytes?: Uint8Array;
}
