/** A node in a process of its own, to be killed: `node-process.ts <folder> <process|docker>`. Pods come from the store. */
import { mkdirSync } from 'node:fs';
import { argv } from 'node:process';
import pino from 'pino';
import { createApi } from '../../../src/cluster/api/api.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';
import { systemClock } from '../../../src/objects/clock.js';
import { Pod } from '../../../src/objects/kinds/core-v1.js';
import { createDockerRuntime } from '../../../src/runtime/containers/docker/docker-runtime.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import { startKubelet } from '../../../src/runtime/kubelet/kubelet.js';
import { createVolumeManager } from '../../../src/runtime/volumes/create-volume-manager.js';
import { BUSYBOX_IMAGE, DOCKER_SOCKET } from '../../components/images.js';

const [folder = '', kind = ''] = argv.slice(2);
const log = pino({ level: 'silent' });
const { signal } = new AbortController();
const clock = systemClock;
mkdirSync(`${folder}/store`, { recursive: true });
const store = openLmdbStore(`${folder}/store`);
const api = createApi({ store, log, disabledPlugins: ['ServiceAccount', 'TaintNodesByCondition'] });
await api.start(signal);
const client = api.client();
const root = `${folder}/runtime`;
const runtime =
  kind === 'docker'
    ? createDockerRuntime({ socketPath: DOCKER_SOCKET, root, clock, log })
    : createProcessRuntime({ root, clock, log });
const informers = createInformerSet(client, { log, clock });
const volumes = createVolumeManager({ client, informers, root: folder, clock, log });
await startKubelet({ client, informers, runtime, volumes, nodeName: 'n1', rootFolder: folder, clock, log }, signal);

/** Each line of input is a command; each answer is one line of JSON. */
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  run: () =>
    client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        nodeName: 'n1',
        terminationGracePeriodSeconds: 1,
        containers: ['a', 'b'].map((name) => ({
          name,
          image: BUSYBOX_IMAGE,
          command: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
          readinessProbe: { exec: { command: ['/bin/sh', '-c', 'true'] }, periodSeconds: 1 },
        })),
      },
    }),
  get: async () => (await client.get(Pod, { namespace: 'default', name: 'web' })) ?? null,
  delete: async () => (await client.delete(Pod, { namespace: 'default', name: 'web' })) ?? null,
};

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  for (const line of text.trim().split('\n')) {
    void commands[line]?.().then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
  }
});
process.stdout.write('"ready"\n');
