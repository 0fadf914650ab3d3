import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pino from 'pino';
import type { Server } from '../../../src/cli/server/start-server.js';
import { startServer } from '../../../src/cli/server/start-server.js';
import { realTool } from '../../components/components.js';

const run = promisify(execFile);

const workload = (kind: string, name: string, more: object): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: `${name}:1` }] } },
      ...more,
    },
  });

describe('controllers as kubectl sees them', function () {
  this.timeout(120_000);
  let folder: string;
  let server: Server;
  let executable: string;

  before(async () => {
    executable = await realTool('kubectl');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-controllers-'));
    server = await startServer({
      dataDir: join(folder, 'data'),
      runtime: 'simulated',
      nodes: 2,
      apiPort: 0,
      webPort: 0,
      ingressPort: 0,
      log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    });
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const kubectl = async (...args: string[]): Promise<string> => {
    const environment = { ...process.env, KUBECONFIG: join(folder, 'data', 'kubeconfig'), HOME: folder };
    const { stdout } = await run(executable, args, { env: environment });
    return stdout.trim();
  };
  const apply = async (name: string, text: string): Promise<void> => {
    const path = join(folder, `${name}.json`);
    await writeFile(path, text);
    await kubectl('apply', '-f', path);
  };
  const image = (resource: string): Promise<string> =>
    kubectl('get', resource, '-o', 'jsonpath={.spec.template.spec.containers[0].image}');

  for (const [kind, resource, more] of [
    ['Deployment', 'deployment', { replicas: 3 }],
    ['StatefulSet', 'statefulset', { replicas: 2, serviceName: 'x' }],
    ['DaemonSet', 'daemonset', {}],
  ] as const) {
    it(`rolls a ${kind} out, shows its history, undoes, restarts`, async () => {
      const name = `roll-${resource}`;
      const target = `${resource}/${name}`;
      await apply(name, workload(kind, name, more));
      await kubectl('rollout', 'status', target, '--timeout=60s');
      await kubectl('set', 'image', target, `c=${name}:2`);
      const status = await kubectl('rollout', 'status', target, '--timeout=60s');
      assert.match(status, /successfully rolled out|rolling update complete|partitioned roll out complete/);
      assert.match(await kubectl('rollout', 'history', target), /^1 .*\n2 /m);
      assert.match(await kubectl('rollout', 'history', target, '--revision=1'), new RegExp(`${name}:1`));
      await kubectl('rollout', 'undo', target);
      await kubectl('rollout', 'status', target, '--timeout=60s');
      assert.equal(await image(target), `${name}:1`);
      assert.match(await kubectl('rollout', 'history', target), /^2 .*\n3 /m);
      await kubectl('rollout', 'restart', target);
      await kubectl('rollout', 'status', target, '--timeout=60s');
      assert.match(await kubectl('rollout', 'history', target), /^4 /m);
    });
  }

  it('describes what the controllers did', async () => {
    await kubectl('create', 'deployment', 'told', '--image=told:1', '--replicas=2');
    await kubectl('rollout', 'status', 'deployment/told', '--timeout=60s');
    const description = await kubectl('describe', 'deployment', 'told');
    assert.match(description, /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable/);
    assert.match(description, /Available +True +MinimumReplicasAvailable/);
    assert.match(description, /Progressing +True +NewReplicaSetAvailable/);
    assert.match(description, /ScalingReplicaSet .*Scaled up replica set told-\w+ from 0 to 2/);
  });

  it('completes Jobs and starts them by hand from a CronJob', async () => {
    await kubectl('create', 'job', 'work', '--image=work:1');
    await kubectl('wait', '--for=condition=complete', 'job/work', '--timeout=60s');
    assert.match(await kubectl('get', 'job', 'work'), /Complete +1\/1/);
    await kubectl('create', 'cronjob', 'tick', '--image=tick:1', '--schedule=*/5 * * * *');
    await kubectl('create', 'job', 'now', '--from=cronjob/tick');
    await kubectl('wait', '--for=condition=complete', 'job/now', '--timeout=60s');
  });

  it('binds claims of a StatefulSet and keeps them', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    await apply(
      'kept',
      workload('StatefulSet', 'kept', { replicas: 1, serviceName: 'kept', volumeClaimTemplates: [claim] }),
    );
    await kubectl('rollout', 'status', 'statefulset/kept', '--timeout=60s');
    assert.match(await kubectl('get', 'pvc', 'data-kept-0'), /Bound +pvc-[-0-9a-f]+ +1Gi +RWO +local-path/);
    await kubectl('delete', 'statefulset', 'kept');
    assert.match(await kubectl('get', 'pvc', 'data-kept-0'), /Bound/);
    await kubectl('delete', 'pvc', 'data-kept-0', '--timeout=30s');
  });

  it('deletes dependents as the policy says', async () => {
    await kubectl('create', 'deployment', 'owner', '--image=owner:1', '--replicas=2');
    await kubectl('rollout', 'status', 'deployment/owner', '--timeout=60s');
    await kubectl('delete', 'deployment', 'owner', '--cascade=orphan');
    assert.match(await kubectl('get', 'replicaset', '-l', 'app=owner', '-o', 'name'), /replicaset.apps\/owner-/);
    await kubectl('delete', 'replicaset', '-l', 'app=owner', '--cascade=foreground', '--timeout=60s');
    assert.equal(await kubectl('get', 'pods', '-l', 'app=owner', '-o', 'name'), '');
  });

  it('removes a namespace with all that is in it', async () => {
    await kubectl('create', 'namespace', 'full');
    await kubectl('create', 'deployment', 'web', '--image=web:1', '-n', 'full');
    await kubectl('expose', 'deployment', 'web', '--port=80', '-n', 'full');
    await kubectl('rollout', 'status', 'deployment/web', '-n', 'full', '--timeout=60s');
    await kubectl('delete', 'namespace', 'full', '--timeout=60s');
    assert.equal(await kubectl('get', 'namespace', 'full', '--ignore-not-found'), '');
  });

  it('drains a node within a disruption budget', async () => {
    await kubectl('create', 'deployment', 'guarded', '--image=guarded:1', '--replicas=2');
    await kubectl('create', 'poddisruptionbudget', 'guarded', '--selector=app=guarded', '--min-available=1');
    await kubectl('rollout', 'status', 'deployment/guarded', '--timeout=60s');
    await kubectl('wait', '--for=jsonpath={.status.disruptionsAllowed}=1', 'pdb/guarded', '--timeout=30s');
    const node = await kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
    await kubectl('drain', node, '--ignore-daemonsets', '--force', '--delete-emptydir-data', '--timeout=60s');
    await kubectl('rollout', 'status', 'deployment/guarded', '--timeout=60s');
    assert.match(await kubectl('get', 'node', node), /SchedulingDisabled/);
    await kubectl('uncordon', node);
  });
});
