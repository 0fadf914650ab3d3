import assert from 'node:assert/strict';
import type { Pod } from '../../src/objects/kinds/core-v1.js';
import { Pod as PodKind } from '../../src/objects/kinds/core-v1.js';
import { isConditionTrue } from '../../src/objects/conditions.js';
import { ensureDemoImage } from '../../src/cli/demo/demo-image.js';
import { fetchPage } from '../../src/cli/demo/visitor.js';
import { detectRuntime } from '../../src/runtime/containers/choose-runtime.js';
import { skipWithout } from '../components/components.js';
import type { GitServer } from '../components/git-server.js';
import { startGitServer } from '../components/git-server.js';
import type { RunningServer } from './fairlead.js';
import { eventually, startServer } from './fairlead.js';
import { webManifests } from './web-manifests.js';

const readyPods = async ({ client }: RunningServer): Promise<readonly Pod[] | undefined> => {
  const { items } = await client.list(PodKind, { namespace: 'default' });
  const ready = items.filter(({ status }) => isConditionTrue(status?.conditions, 'Ready'));
  return ready.length === 2 && items.length === 2 ? ready : undefined;
};

const identities = (pods: readonly Pod[]): unknown =>
  pods
    .map(({ metadata, status }) => [
      metadata.name,
      status?.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
    ])
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));

describe('a server that is killed and started again', function () {
  this.timeout(180_000);
  let git: GitServer;
  before(async () => {
    git = await startGitServer();
  });
  after(async () => {
    await git.close();
  });

  const adopts = async (runtime: string): Promise<void> => {
    const repository = await git.createRepository(`adoption-${runtime}`);
    await repository.commit(webManifests('one'));
    const server = await startServer(['--runtime', runtime, '--repo', repository.url, '--path', 'deploy']);
    try {
      const before = await eventually(() => readyPods(server), server.log);
      await server.end('SIGKILL');
      await server.restart();
      const after = await eventually(() => readyPods(server), server.log);
      assert.deepEqual(identities(after), identities(before));
      const page = await eventually(() => fetchPage(server.ingressPort, 'web.localhost'));
      assert.deepEqual(page, { status: 200, text: 'one' });
    } finally {
      await server.remove();
    }
  };

  it('adopts the processes: same containers, no restarts', async () => {
    await adopts('process');
  });

  it('adopts the containers of a Docker engine: same ids, no restarts', async function () {
    const engine = await detectRuntime('auto');
    if (engine.name !== 'docker') skipWithout(this, 'a Docker engine', 'install docker.io and start dockerd');
    else await ensureDemoImage(engine.socketPath, () => undefined);
    await adopts('docker');
  });
});
