import assert from 'node:assert/strict';
import pino from 'pino';
import { upCommand } from '../../src/cli/commands/up.js';
import type { RevisionMark, Schedule } from '../../src/cli/server/maintenance.js';
import { EXIT, CommandFailure } from '../../src/cli/exit-statuses.js';
import { DEFAULT_MAINTENANCE, isMaintenanceTime } from '../../src/cli/server/maintenance-time.js';
import { addMark, markBefore, startMaintenance } from '../../src/cli/server/maintenance.js';

const HOUR_MS = 3_600_000;

describe('isMaintenanceTime', () => {
  it('accepts cron expressions and "off" alone', async () => {
    for (const good of [DEFAULT_MAINTENANCE, '*/5 * * * *', '0 4 * * sun', 'off'])
      assert.equal(await isMaintenanceTime(good), true, good);
    for (const wrong of ['', 'never', '61 * * * *', '* * *'])
      assert.equal(await isMaintenanceTime(wrong), false, wrong);
  });

  it('decides on a usage error of up', async () => {
    await assert.rejects(
      upCommand().parseAsync(['--maintenance', '61 * * * *'], { from: 'user' }),
      (error) => error instanceof CommandFailure && error.status === EXIT.usage && /--maintenance/.test(error.message),
    );
  });
});

describe('revision marks', () => {
  it('keep one that is old enough, and no older ones', () => {
    let marks: readonly RevisionMark[] = [];
    for (let quarter = 0; quarter < 20; quarter++)
      marks = addMark(marks, { at: quarter * (HOUR_MS / 4), revision: quarter });
    assert.deepEqual(
      marks.map(({ revision }) => revision),
      [15, 16, 17, 18, 19],
    );
    assert.equal(markBefore(marks, marks.at(-1)!.at - HOUR_MS)?.revision, 15);
    assert.equal(markBefore(marks, 0), undefined);
  });
});

describe('startMaintenance', () => {
  const setup = (maintain: () => Promise<[]>, when = DEFAULT_MAINTENANCE) => {
    const runs = new Map<string, () => Promise<void>>();
    const compactions: number[] = [];
    const time = { now: 0, revision: 10 };
    const schedule: Schedule = (expression, _name, run) => {
      runs.set(expression, run);
      return async () => {
        runs.delete(expression);
      };
    };
    const stop = startMaintenance({
      when,
      operator: { maintain },
      store: {
        get revision() {
          return time.revision;
        },
        compact: async (before) => {
          compactions.push(before);
        },
      },
      clock: { now: () => time.now, sleep: async () => undefined },
      log: pino({ level: 'silent' }),
      schedule,
    });
    return { runs, compactions, time, stop };
  };

  it('compacts to what was current an hour before, also when the operator has failed', async () => {
    const { runs, compactions, time, stop } = setup(async () => await Promise.reject(new Error('no')));
    const [note, run] = [runs.get('*/15 * * * *'), runs.get(DEFAULT_MAINTENANCE)];
    time.now = HOUR_MS - 1;
    await run?.();
    assert.deepEqual(compactions, []);
    Object.assign(time, { now: HOUR_MS, revision: 20 });
    await note?.();
    Object.assign(time, { now: HOUR_MS * 1.5, revision: 30 });
    await run?.();
    Object.assign(time, { now: HOUR_MS * 2, revision: 40 });
    await run?.();
    assert.deepEqual(compactions, [10, 20]);
    await stop();
    assert.equal(runs.size, 0);
  });

  it('ends after the run that is under way', async () => {
    let finish: (report: []) => void = () => undefined;
    const { runs, stop } = setup(async () => await new Promise((resolve) => (finish = resolve)));
    const run = runs.get(DEFAULT_MAINTENANCE)?.();
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(stopped, false);
    finish([]);
    await Promise.all([run, stopping]);
  });

  it('schedules nothing when it is off', () => {
    assert.equal(setup(async () => [], 'off').runs.size, 0);
  });
});
