import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { EventRecorder } from '../../cluster/client/event-recorder.js';
import type { Clock } from '../../objects/clock.js';
import type { ConfigMap, Secret, Service } from '../../objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../containers/container-runtime.js';
import type { VolumeManager } from '../volumes/volume-manager.js';
import type { Owner } from './config/container-config.js';
import type { ClusterDns } from './config/dns.js';
import type { ImageManager } from './images/image-manager.js';
import type { Prober } from './probes/prober.js';
import type { RuntimeView } from './runtime-view.js';
import type { StatusWriter } from './status/status-writer.js';

/** Objects of the API that pods refer to, as the informers have them. */
export interface PodReferences {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  services(namespace: string): readonly Service[];
}

/** What the node is, as far as pods depend on it. */
export interface NodeFacts {
  readonly hostname: string;
  readonly hostIps: readonly string[];
  readonly memoryBytes: number;
  readonly allocatable: Readonly<Record<string, string | number>>;
}

/** Everything that the parts of one kubelet share. */
export interface KubeletContext {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly view: RuntimeView;
  readonly volumes: VolumeManager;
  readonly images: ImageManager;
  readonly prober: Prober;
  readonly statuses: StatusWriter;
  readonly events: EventRecorder;
  readonly references: PodReferences;
  readonly clock: Clock;
  /** Milliseconds that only grow, whatever is done to the clock: all waits and limits are measured with it. */
  readonly steady: () => number;
  readonly log: Logger;
  readonly owner: Owner;
  readonly node: NodeFacts;
  readonly dns: ClusterDns;
  /** Where pods reach the API server; absent: at the address of the Service default/kubernetes. */
  readonly apiServer: { readonly host: string; readonly port: number } | undefined;
  /** Folder for the kubelet's own files; volumes have theirs below it. */
  readonly rootFolder: string;
}
