import assert from 'node:assert/strict';
import { isTimeZone, parseSchedule, ScheduleError, scheduleError } from '../../src/objects/cron-schedule.js';

const next = (text: string, after: string, timeZone?: string): string => {
  const at = parseSchedule(text, timeZone).next(Date.parse(after));
  return at === undefined ? 'never' : new Date(at).toISOString().slice(0, 16);
};

describe('parseSchedule', () => {
  // The first rows are from the table of robfig/cron's own tests (Mon Jul 9 2012 is a Monday).
  const rows: readonly (readonly [text: string, after: string, wanted: string])[] = [
    ['0/15 * * * *', '2012-07-09T14:45:00Z', '2012-07-09T15:00'],
    ['0/15 * * * *', '2012-07-09T14:59:59Z', '2012-07-09T15:00'],
    ['20-35/15 * * * *', '2012-07-09T15:45:00Z', '2012-07-09T16:20'],
    ['0 0 * * *', '2012-07-09T23:35:00Z', '2012-07-10T00:00'],
    ['0 0 9 Apr-Oct ?', '2012-07-09T23:35:00Z', '2012-08-09T00:00'],
    ['0 0 */5 Apr,Aug,Oct Mon', '2012-07-09T23:35:00Z', '2012-08-01T00:00'],
    ['0 0 * Feb Mon/2', '2012-07-09T23:35:00Z', '2013-02-01T00:00'],
    ['0 0 29 Feb ?', '2012-07-09T23:35:00Z', '2016-02-29T00:00'],
    ['0 0 30 Feb ?', '2012-07-09T23:35:00Z', 'never'],
    ['0 12 1 * 0', '2026-01-01T13:00:00Z', '2026-01-04T12:00'],
    ['0 12 * * 0', '2026-01-01T13:00:00Z', '2026-01-04T12:00'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
    ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30'],
    ['5,10 3-4 * jan-feb mon-fri', '2026-01-02T04:10:00Z', '2026-01-05T03:05'],
  ];
  for (const [text, after, wanted] of rows) {
    it(`${text} after ${after} is ${wanted}`, () => assert.equal(next(text, after), wanted));
  }

  it('follows the clock of a time zone', () => {
    assert.equal(next('30 9 * * *', '2026-01-01T00:00:00Z', 'Europe/Berlin'), '2026-01-01T08:30');
    assert.equal(next('30 9 * * *', '2026-07-01T00:00:00Z', 'Europe/Berlin'), '2026-07-01T07:30');
    assert.equal(next('0 0 * * *', '2026-01-01T00:00:00Z', 'Asia/Kolkata'), '2026-01-01T18:30');
  });

  it('skips a time that the clock skips, and repeats one that it repeats', () => {
    assert.equal(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin'), '2026-03-30T00:30');
    assert.equal(next('30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin'), '2026-10-25T00:30');
    assert.equal(next('30 2 * * *', '2026-10-25T00:30:00Z', 'Europe/Berlin'), '2026-10-25T01:30');
  });

  it('says what is wrong', () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['* * * *', /expected exactly 5 fields, found 4/],
      ['60 * * * *', /end of range \(60\) above maximum \(59\)/],
      ['* * 0 * *', /beginning of range \(0\) below minimum \(1\)/],
      ['5-3 * * * *', /beginning of range \(5\) beyond end of range \(3\)/],
      ['*/0 * * * *', /step of range should be a positive number/],
      ['*/1e1 * * * *', /step of range should be a positive number/],
      ['*/1/2 * * * *', /too many slashes/],
      ['1-2-3 * * * *', /too many hyphens/],
      ['', /expected exactly 5 fields, found 0/],
      ['x * * * *', /failed to parse minute/],
      ['@sometimes', /unrecognized descriptor/],
      ['@every soon', /failed to parse duration/],
      ['TZ=UTC * * * * *', /not supported/],
    ];
    for (const [text, message] of wrong) {
      assert.throws(
        () => parseSchedule(text),
        (error) => error instanceof ScheduleError && message.test(error.message),
        text,
      );
    }
  });

  it('gives the reason to those who only ask whether it is good', () => {
    assert.equal(scheduleError('*/5 * * * *'), undefined);
    assert.equal(scheduleError('@every 1500000us'), undefined);
    assert.match(scheduleError('60 * * * *') ?? '', /above maximum/);
  });

  it('knows time zones', () => {
    assert.deepEqual(['Europe/Berlin', 'Etc/UTC', 'Mars/Olympus', '', 'Local'].map(isTimeZone), [
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
