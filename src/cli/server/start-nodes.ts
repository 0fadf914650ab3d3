import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { KeyedCertificate } from '../../cluster/auth/certificates.js';
import type { Client } from '../../cluster/client/client.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';
import type { ClusterDns } from '../../runtime/kubelet/config/dns.js';
import type { Kubelet } from '../../runtime/kubelet/kubelet.js';
import { startKubelet } from '../../runtime/kubelet/kubelet.js';
import { RuntimeView } from '../../runtime/kubelet/runtime-view.js';
import { startKubeletServer } from '../../runtime/kubelet/server/kubelet-server.js';
import { createVolumeManager } from '../../runtime/volumes/create-volume-manager.js';
import { createNoVolumes } from '../../runtime/volumes/no-volumes.js';
import type { ServerSettings } from './server-settings.js';

export interface NodesOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly runtime: ContainerRuntime;
  readonly settings: ServerSettings;
  /** How many kubelets; they share the runtime. */
  readonly count: number;
  /** Folder for volumes and logs of pods. */
  readonly folder: string;
  readonly certificate: KeyedCertificate;
  readonly apiServer: { readonly host: string; readonly port: number };
  readonly dns?: ClusterDns;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One node is named after the machine, several are numbered. */
const nodeNames = (count: number): readonly string[] => {
  const machine = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  const name = machine === '' ? 'node' : machine;
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
};

/** Starts the kubelets of this process. Resolves with them when their nodes are registered. */
export const startNodes = async (
  options: NodesOptions,
  signal: AbortSignal,
): Promise<{ readonly kubelets: readonly Kubelet[]; readonly stopped: Promise<unknown> }> => {
  const { client, informers, runtime, settings, clock, log } = options;
  const volumes =
    runtime.name === 'simulated'
      ? createNoVolumes()
      : createVolumeManager({ client, informers, root: options.folder, clock, log });
  const view = new RuntimeView({ runtime, clock, log });
  const server = await startKubeletServer(
    {
      host: '127.0.0.1',
      port: 0,
      tls: { cert: options.certificate.certificate, key: options.certificate.key },
      token: settings.kubeletToken,
      clock,
      log,
    },
    signal,
  );
  const kubelets = await Promise.all(
    nodeNames(options.count).map((nodeName) =>
      startKubelet(
        {
          client,
          informers,
          runtime,
          view,
          volumes,
          nodeName,
          rootFolder: join(options.folder, 'kubelet', nodeName),
          apiServer: options.apiServer,
          serverPort: server.port,
          clock,
          log: log.child({ node: nodeName }),
          ...(options.dns !== undefined && { dns: options.dns }),
        },
        signal,
      ),
    ),
  );
  server.serve(kubelets);
  const stopped = Promise.all([...kubelets.map((kubelet) => kubelet.stopped), server.stopped]).finally(() =>
    volumes.close(),
  );
  return { kubelets, stopped };
};
