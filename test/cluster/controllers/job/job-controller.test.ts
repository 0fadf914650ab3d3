import assert from 'node:assert/strict';
import { createJobController } from '../../../../src/cluster/controllers/job/job-controller.js';
import { createTtlController } from '../../../../src/cluster/controllers/job/ttl-controller.js';
import { timestamp } from '../../../../src/objects/conditions.js';
import type { JobSpec } from '../../../../src/objects/kinds/batch-v1.js';
import { Job } from '../../../../src/objects/kinds/batch-v1.js';
import { Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

export const job = (spec: Partial<JobSpec>): Job => ({
  ...Job,
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'work', namespace: NAMESPACE },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...spec },
});

describe('the Job controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createJobController(deps), createTtlController(deps)]);
  });
  afterEach(() => cluster.close());

  const status = async () => (await cluster.get(Job, 'work')).status ?? {};
  const conditions = async (): Promise<string[]> =>
    ((await status()).conditions ?? [])
      .filter((each) => each.status === 'True')
      .map(({ type, reason }) => `${type} ${reason}`);
  const pods = () => cluster.list(Pod);
  const running = async (): Promise<readonly Pod[]> =>
    (await pods()).filter(
      ({ status, metadata }) =>
        metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded',
    );
  const active = (count: number): Promise<void> =>
    cluster.until(`${count} active pods`, async () => (await running()).length === count);
  const indexes = async (): Promise<string[]> =>
    (await running()).map((pod) => pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '').sort();
  const end = async (pod: Pod | undefined, phase: 'Succeeded' | 'Failed', exitCode = 1): Promise<void> => {
    assert.ok(pod, 'a pod to end');
    const terminated = { exitCode: phase === 'Failed' ? exitCode : 0, finishedAt: timestamp(cluster.clock.now()) };
    const containerStatuses = [
      { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, state: { terminated } },
    ];
    const current = await cluster.get(Pod, pod.metadata.name);
    await cluster.client.updateStatus<Pod>({ ...current, status: { phase, containerStatuses } });
  };
  const endAll = async (phase: 'Succeeded' | 'Failed'): Promise<void> => {
    for (const pod of await running()) await end(pod, phase);
  };

  it('runs as many pods at a time as parallelism says, until enough have succeeded', async () => {
    await cluster.client.create(job({ completions: 3, parallelism: 2 }));
    await active(2);
    await end((await running())[0], 'Succeeded');
    await cluster.until('one more', async () => (await pods()).length === 3);
    assert.equal((await running()).length, 2);
    await endAll('Succeeded');
    await cluster.until('complete', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
    const { succeeded, active: left, failed, completionTime, startTime, uncountedTerminatedPods } = await status();
    assert.deepEqual([succeeded, left ?? 0, failed ?? 0], [3, 0, 0]);
    assert.ok(completionTime !== undefined && startTime !== undefined);
    assert.deepEqual(uncountedTerminatedPods ?? {}, {});
    assert.ok((await pods()).every((pod) => (pod.metadata.finalizers ?? []).length === 0));
    const events = await cluster.events();
    assert.equal(events.filter((event) => event.startsWith('SuccessfulCreate Created pod: work-')).length, 3);
    assert.ok(events.includes('Completed Job completed'));
  });

  it('waits longer after every failure and gives up at the backoff limit', async () => {
    await cluster.client.create(job({ backoffLimit: 1 }));
    await active(1);
    await end((await running())[0], 'Failed');
    await cluster.quiet();
    assert.equal((await pods()).length, 1);
    await cluster.clock.advance(10_000);
    await active(1);
    await end((await running())[0], 'Failed');
    await cluster.until('failed', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
    assert.equal((await status()).failed, 2);
    assert.ok((await cluster.events()).includes('BackoffLimitExceeded Job has reached the specified backoff limit'));
  });

  it('ends at its deadline and deletes the pods', async () => {
    await cluster.client.create(job({ activeDeadlineSeconds: 60, parallelism: 2, completions: 2 }));
    await active(2);
    await cluster.clock.advance(61_000);
    await cluster.until('failed', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']);
    assert.deepEqual([(await pods()).length, (await status()).failed], [0, 2]);
  });

  it('gives every pod of an Indexed Job an index of its own, and repeats what failed', async () => {
    await cluster.client.create(job({ completions: 3, parallelism: 3, completionMode: 'Indexed' }));
    await active(3);
    assert.deepEqual(await indexes(), ['0', '1', '2']);
    const one = (await running()).find(
      (pod) => pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'] === '1',
    );
    assert.equal(one?.spec.hostname, 'work-1');
    assert.match(one?.metadata.name ?? '', /^work-1-.{5}$/);
    assert.equal(one?.spec.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
    await end(one, 'Failed');
    await cluster.clock.advance(10_000);
    await active(3);
    assert.deepEqual(await indexes(), ['0', '1', '2']);
    await endAll('Succeeded');
    await cluster.until('complete', async () => (await conditions()).length === 2);
    assert.deepEqual([(await status()).completedIndexes, (await status()).succeeded], ['0-2', 3]);
  });

  it('fails indexes on their own with backoffLimitPerIndex', async () => {
    await cluster.client.create(
      job({ completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 0 }),
    );
    await active(2);
    await end(
      (await running()).find((pod) => pod.spec.hostname === 'work-0'),
      'Failed',
    );
    await cluster.until('index 0 has failed', async () => (await status()).failedIndexes === '0');
    await endAll('Succeeded');
    await cluster.until('failed', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
    assert.deepEqual([(await status()).completedIndexes, (await status()).failed], ['1', 1]);
  });

  it('follows the pod failure policy', async () => {
    const rules = [
      { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [42] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ];
    await cluster.client.create(job({ backoffLimit: 0, podFailurePolicy: { rules } }));
    await active(1);
    const [pod] = await running();
    assert.ok(pod);
    const conditionsOfPod = [{ type: 'DisruptionTarget', status: 'True' }];
    await cluster.client.updateStatus<Pod>({ ...pod, status: { phase: 'Failed', conditions: conditionsOfPod } });
    await cluster.clock.advance(10_000);
    await active(1);
    assert.equal((await status()).failed ?? 0, 0);
    await end((await running())[0], 'Failed', 42);
    await cluster.until('failed', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']);
    const message = (await status()).conditions?.[0]?.message ?? '';
    assert.match(
      message,
      /^Container c for pod shop\/work-.{5} failed with exit code 42 matching FailJob rule at index 0$/,
    );
  });

  it('succeeds early by its success policy', async () => {
    const successPolicy = { rules: [{ succeededIndexes: '0', succeededCount: 1 }] };
    await cluster.client.create(job({ completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy }));
    await active(3);
    await end(
      (await running()).find((pod) => pod.spec.hostname === 'work-0'),
      'Succeeded',
    );
    await cluster.until('complete', async () => (await conditions()).length === 2);
    assert.deepEqual(await conditions(), ['SuccessCriteriaMet SuccessPolicy', 'Complete SuccessPolicy']);
    assert.deepEqual([(await running()).length, (await status()).failed ?? 0], [0, 0]);
  });

  it('deletes its pods while suspended, without counting them as failures', async () => {
    await cluster.client.create(job({ suspend: true, completions: 2, parallelism: 2 }));
    await cluster.until('suspended', async () => (await conditions()).join() === 'Suspended JobSuspended');
    assert.equal((await pods()).length, 0);
    const setSuspend = (suspend: boolean) =>
      cluster.change(Job, 'work', (object) => ({ ...object, spec: { ...object.spec, suspend } }));
    await setSuspend(false);
    await active(2);
    await setSuspend(true);
    await cluster.until('no pods', async () => (await pods()).length === 0);
    assert.deepEqual([(await status()).failed ?? 0, (await status()).startTime], [0, undefined]);
    await setSuspend(false);
    await active(2);
    await endAll('Succeeded');
    await cluster.until('complete', async () => (await conditions()).length === 2);
  });

  it('is deleted ttlSecondsAfterFinished after its end', async () => {
    await cluster.client.create(job({ ttlSecondsAfterFinished: 100 }));
    await active(1);
    await endAll('Succeeded');
    await cluster.until('complete', async () => (await conditions()).length === 2);
    await cluster.clock.advance(99_000);
    assert.equal((await cluster.get(Job, 'work')).metadata.deletionTimestamp, undefined);
    await cluster.clock.advance(2000);
    await cluster.until(
      'deleted',
      async () =>
        (await cluster.client.get(Job, { namespace: NAMESPACE, name: 'work' }))?.metadata.deletionTimestamp !==
          undefined || (await cluster.list(Job)).length === 0,
    );
  });

  it('lets the pods of a Job that is gone go', async () => {
    const made = await cluster.client.create(job({}));
    await active(1);
    await cluster.delete(made, { propagationPolicy: 'Background' });
    await cluster.until('released', async () =>
      (await pods()).every((pod) => (pod.metadata.finalizers ?? []).length === 0),
    );
  });
});
