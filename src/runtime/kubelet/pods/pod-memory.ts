import type { PodVolumes } from '../../volumes/volume-manager.js';
import { StartFailures } from './start-failures.js';
import type { TerminationMessages } from './termination-messages.js';

/**
 * What the kubelet remembers of a pod besides what the API and the runtime have. All of it can be lost: a restart of
 * the kubelet only repeats an event or tries something again that failed.
 */
export class PodMemory {
  readonly failures = new StartFailures();
  /** Runs whose end the kubelet has begun. */
  readonly stopping = new Set<string>();
  /** Runs that were ended in order to start anew. */
  readonly mustRestart = new Set<string>();
  /** Runs for which the event BackOff was written. */
  readonly backedOff = new Set<string>();
  volumes: PodVolumes | undefined;
  /** When (by the steady clock) mounting may be tried again after it failed. */
  mountRetryAt = 0;
  /** When (by the steady clock) the pod's activeDeadlineSeconds are over. */
  deadline: number | undefined;
  /** Generation-independent things that files of volumes show: renewed when they change. */
  refreshedFor: string | undefined;
  refreshedAt = 0;

  constructor(readonly messages: TerminationMessages) {}

  /** Forgets all runs but these. */
  keepRuns(ids: ReadonlySet<string>): void {
    for (const runs of [this.stopping, this.mustRestart, this.backedOff]) {
      for (const id of runs) if (!ids.has(id)) runs.delete(id);
    }
  }
}
