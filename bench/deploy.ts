import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDemoImage } from '../src/cli/demo/demo-image.js';
import { fetchPage } from '../src/cli/demo/visitor.js';
import { detectRuntime } from '../src/runtime/containers/choose-runtime.js';
import { Application } from '../src/sync/applications/application.js';
import { startGitServer } from '../test/components/git-server.js';
import { eventually, startServer } from '../test/e2e/fairlead.js';
import { webManifests } from '../test/e2e/web-manifests.js';
import type { Benchmark } from './benchmark.js';
import { BenchmarkSkipped, median, seconds, timed } from './benchmark.js';

const run = promisify(execFile);
const ROUNDS = 5;
const SERVER = "require('http').createServer((q,r)=>r.end('peer')).listen(8080)";

/** `git fetch` of a new commit, then `docker run` of the same image until its page answers. */
const peerRound = async (clone: string, index: number): Promise<number> => {
  const name = `fairlead-bench-${process.pid}-${index}`;
  const { ms } = await timed(async () => {
    await run('git', ['fetch', '--quiet', 'origin', 'main'], { cwd: clone });
    await run('docker', [
      'run',
      '--detach',
      '--init',
      '--name',
      name,
      'fairlead.example/node:20',
      'node',
      '-e',
      SERVER,
    ]);
    const { stdout } = await run('docker', ['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name]);
    await eventually(async () => ((await fetch(`http://${stdout.trim()}:8080`)).ok ? true : undefined));
  });
  await run('docker', ['rm', '--force', name]);
  return ms;
};

export const deploy: Benchmark = {
  name: 'deploy',
  title:
    'Commit to healthy on Docker, one container, beside git fetch and docker run of the same image until it answers',
  run: async () => {
    const engine = await detectRuntime('auto');
    if (engine.name !== 'docker') throw new BenchmarkSkipped('no Docker engine answers');
    await ensureDemoImage(engine.socketPath, () => undefined);
    const git = await startGitServer();
    const repository = await git.createRepository('deploy');
    await repository.commit(webManifests('v0', { replicas: 1 }));
    const clone = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
    await run('git', ['clone', '--quiet', repository.url, clone]);
    const server = await startServer([
      '--runtime',
      'docker',
      '--poll-interval',
      '1',
      '--repo',
      repository.url,
      '--path',
      'deploy',
    ]);
    const ours: number[] = [];
    const peer: number[] = [];
    try {
      const root = { namespace: 'argocd', name: 'root' };
      const healthyAt = (revision: string) =>
        eventually(async () => {
          const { status } = (await server.client.get(Application, root)) ?? {};
          return status?.health?.status === 'Healthy' &&
            status.sync?.status === 'Synced' &&
            status.sync.revision === revision
            ? true
            : undefined;
        });
      for (let index = 1; index <= ROUNDS; index += 1) {
        const revision = await repository.commit(webManifests(`v${index}`, { replicas: 1 }));
        const { ms } = await timed(async () => {
          await server.client.patch(Application, root, {
            type: 'merge',
            body: { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } },
          });
          await eventually(async () =>
            (await fetchPage(server.ingressPort, 'web.localhost')).text === `v${index}` ? true : undefined,
          );
        });
        ours.push(ms);
        await healthyAt(revision);
        peer.push(await peerRound(clone, index));
      }
    } finally {
      await server.remove();
      await git.close();
      rmSync(clone, { recursive: true, force: true });
    }
    const [mine, theirs] = [median(ours), median(peer)];
    return [
      {
        what: `new page answers through the ingress (median of ${ROUNDS})`,
        ours: seconds(mine),
        peer: { name: 'git fetch + docker run', value: seconds(theirs) },
        ratio: mine / theirs,
        aim: 'at most 1.3',
      },
    ];
  },
};
