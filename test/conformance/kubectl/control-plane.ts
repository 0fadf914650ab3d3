import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { createApi, SYSTEM_USER } from '../../../src/cluster/api/api.js';
import { startApiServer } from '../../../src/cluster/api/http/server.js';
import { allowAuthenticated } from '../../../src/cluster/auth/authorizer.js';
import { staticToken } from '../../../src/cluster/auth/authenticator.js';
import { openCredentials } from '../../../src/cluster/auth/credentials.js';
import { kubeconfigFor } from '../../../src/cluster/auth/kubeconfig.js';
import { runControllers } from '../../../src/cluster/client/controller-runner.js';
import { createEventRecorder } from '../../../src/cluster/client/event-recorder.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { builtinControllers } from '../../../src/cluster/controllers/builtin-controllers.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { systemClock } from '../../../src/objects/clock.js';

export interface ControlPlane {
  readonly url: string;
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** The one user; its token is `admin-token`. */
const ADMIN = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

/**
 * The cluster that the command tests of Kubernetes run against: API server and controllers, neither scheduler nor
 * kubelet, so that pods stay as they were made; a Node `127.0.0.1` that nobody looks after; Services in 10.0.0.0/24;
 * whoever is known may do everything.
 */
export const startControlPlane = async (folder: string, port = 0): Promise<ControlPlane> => {
  const [clock, log] = [systemClock, pino({ level: process.env['TEST_LOG'] ?? 'silent' })];
  const credentials = await openCredentials(join(folder, 'pki'), { now: clock.now() });
  const api = createApi({
    store: createMemoryStore(),
    log,
    clock,
    serviceCidr: '10.0.0.0/24',
    authorize: allowAuthenticated,
    disabledPlugins: ['ServiceAccount', 'DefaultStorageClass', 'DefaultTolerationSeconds'],
    serviceAccountKey: credentials.serviceAccountKey,
    frontProxy: credentials.frontProxy,
    tokenChecks: [staticToken('admin-token', ADMIN)],
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  await api.start(signal);
  const authority = credentials.authority.certificate;
  const server = await startApiServer(
    { api, log, authority, certificate: credentials.server },
    { host: '127.0.0.1', port },
  );
  await api.publish({ address: '127.0.0.1', port: server.port });
  const client = api.client(SYSTEM_USER, 'kube-controller-manager');
  const informers = createInformerSet(client, { log, clock });
  const recorder = (component: string) => createEventRecorder(client, { component, clock, log });
  const controllers = builtinControllers(
    { client, informers, clock, log, recorder },
    {
      rootCa: authority,
      signer: credentials.authority,
      secretTokens: (grant) => api.tokens.issueForSecret(grant),
    },
  );
  const running = runControllers(controllers, { informers, clock, log }, signal);
  await client.create(NODE);
  const kubeconfig = join(folder, 'kubeconfig');
  mkdirSync(folder, { recursive: true });
  writeFileSync(kubeconfig, kubeconfigFor({ server: server.url, authority, token: 'admin-token' }));
  return {
    url: server.url,
    kubeconfig,
    close: async () => {
      stopping.abort();
      await running;
      await server.close();
    },
  };
};

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: '127.0.0.1', labels: { 'kubernetes.io/hostname': '127.0.0.1' } },
  status: { capacity: { memory: '1Gi' } },
};
