import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import type { Client } from '../client/client.js';
import type { EventRecorder } from '../client/event-recorder.js';
import type { InformerSet } from '../client/informer.js';

/** What every controller gets. Controllers ask for their informers when they are made, before the set starts. */
export interface ControllerDeps {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly log: Logger;
  /** A recorder that speaks for a component: `deployment-controller`. */
  readonly recorder: (component: string) => EventRecorder;
}
