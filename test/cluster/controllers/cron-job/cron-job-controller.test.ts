import assert from 'node:assert/strict';
import { createCronJobController } from '../../../../src/cluster/controllers/cron-job/cron-job-controller.js';
import { timestamp } from '../../../../src/objects/conditions.js';
import type { CronJobSpec } from '../../../../src/objects/kinds/batch-v1.js';
import { CronJob, Job } from '../../../../src/objects/kinds/batch-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

const MINUTE = 60_000;

describe('the CronJob controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createCronJobController(deps)]);
  });
  afterEach(() => cluster.close());

  const advance = async (ms: number): Promise<void> => {
    await cluster.clock.advance(ms);
    await cluster.quiet();
  };

  const create = async (more: Partial<CronJobSpec> = {}): Promise<void> => {
    await cluster.client.create<CronJob>({
      ...CronJob,
      metadata: { name: 'tick', namespace: NAMESPACE },
      spec: {
        schedule: '*/10 * * * *',
        jobTemplate: {
          metadata: { name: '', labels: { app: 'tick' } },
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
        },
        ...more,
      },
    });
    await cluster.quiet();
  };
  const jobs = async (): Promise<string[]> => (await cluster.list(Job)).map(({ metadata }) => metadata.name);
  const status = async () => (await cluster.get(CronJob, 'tick')).status ?? {};
  const finish = async (type: 'Complete' | 'Failed' = 'Complete'): Promise<void> => {
    const time = timestamp(cluster.clock.now());
    for (const job of await cluster.list(Job)) {
      if (job.status?.conditions !== undefined) continue;
      const end = type === 'Complete' ? { completionTime: time } : {};
      const reason = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
      await cluster.client.updateStatus<Job>({
        ...job,
        status: { startTime: time, ...end, conditions: [reason, type].map((each) => ({ type: each, status: 'True' })) },
      });
    }
    await cluster.quiet();
  };

  it('starts a Job when its time has come, named by the time', async () => {
    await create();
    await advance(9 * MINUTE);
    assert.deepEqual(await jobs(), []);
    await advance(2 * MINUTE);
    const minute = Date.parse('2026-01-01T00:10:00Z') / MINUTE;
    assert.deepEqual(await jobs(), [`tick-${minute}`]);
    const job = await cluster.get(Job, `tick-${minute}`);
    assert.equal(job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'], '2026-01-01T00:10:00Z');
    assert.deepEqual([job.metadata.labels?.['app'], job.metadata.ownerReferences?.[0]?.name], ['tick', 'tick']);
    assert.deepEqual([(await status()).lastScheduleTime, (await status()).active?.length], ['2026-01-01T00:10:00Z', 1]);
    await finish();
    assert.deepEqual(
      [(await status()).active?.length ?? 0, (await status()).lastSuccessfulTime?.slice(0, 16)],
      [0, '2026-01-01T00:11'],
    );
    assert.ok(
      (await cluster.events()).includes(`SawCompletedJob Saw completed job: tick-${minute}, condition: Complete`),
    );
  });

  it('starts a second one, none, or one in its place, as the policy says', async () => {
    const counts: number[] = [];
    for (const concurrencyPolicy of ['Allow', 'Forbid', 'Replace']) {
      await create({ concurrencyPolicy });
      for (const minutes of [11, 10]) {
        await advance(minutes * MINUTE);
        await cluster.quiet();
      }
      counts.push((await jobs()).length);
      const running = await jobs();
      if (concurrencyPolicy === 'Replace') assert.equal((await status()).active?.[0]?.name, running[0]);
      await cluster.delete(await cluster.get(CronJob, 'tick'));
      for (const job of await cluster.list(Job)) await cluster.delete(job, { propagationPolicy: 'Background' });
      await advance(9 * MINUTE);
    }
    assert.deepEqual(counts, [2, 1, 1]);
  });

  it('keeps as many finished Jobs as the limits say', async () => {
    await create({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 });
    for (const type of ['Complete', 'Complete', 'Failed', 'Failed', 'Complete'] as const) {
      await advance(10 * MINUTE + 1000);
      await finish(type);
    }
    assert.equal((await jobs()).length, 2);
  });

  it('starts nothing while suspended, and one Job for all times that were missed', async () => {
    await create({ suspend: true });
    await advance(45 * MINUTE);
    assert.deepEqual(await jobs(), []);
    await cluster.change(CronJob, 'tick', (object) => ({ ...object, spec: { ...object.spec, suspend: false } }));
    await cluster.quiet();
    assert.deepEqual(await jobs(), [`tick-${Date.parse('2026-01-01T00:40:00Z') / MINUTE}`]);
  });

  it('lets a time pass that is further back than startingDeadlineSeconds', async () => {
    await create({ suspend: true, startingDeadlineSeconds: 60 });
    await advance(15 * MINUTE);
    await cluster.change(CronJob, 'tick', (object) => ({ ...object, spec: { ...object.spec, suspend: false } }));
    await cluster.quiet();
    assert.deepEqual(await jobs(), []);
  });

  it('tells of a schedule and a time zone that it cannot read', async () => {
    const spec = { jobTemplate: {}, schedule: '* * * * *' };
    const at = (name: string) => ({ ...CronJob, metadata: { name, namespace: NAMESPACE } });
    await cluster.smuggle({ ...at('when'), spec: { ...spec, schedule: 'whenever' } }, 'cronjobs');
    await cluster.smuggle({ ...at('where'), spec: { ...spec, timeZone: 'Mars/Olympus' } }, 'cronjobs');
    await cluster.quiet();
    const events = await cluster.events();
    assert.ok(
      events.some((event) => event.startsWith('UnparseableCronJobSchedule unparseable schedule: "whenever"')),
      events.join(),
    );
    assert.ok(events.some((event) => event.startsWith('UnknownTimeZone')));
  });
});
