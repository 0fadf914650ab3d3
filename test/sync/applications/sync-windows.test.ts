import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Application, SyncWindow } from '../../../src/sync/applications/application.js';
import { judgeWindows } from '../../../src/sync/applications/sync-windows.js';

const application: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'shop-web', namespace: 'argocd' },
  spec: { project: 'p', destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' } },
};
/** A Monday. */
const at = (time: string): number => Date.parse(`2026-03-02T${time}:00Z`);
const window = (fields: Partial<SyncWindow>): SyncWindow => ({
  kind: 'deny',
  schedule: '0 8 * * *',
  duration: '2h',
  applications: ['shop-*'],
  ...fields,
});
const judge = (windows: readonly SyncWindow[], time: string, isManual = false) =>
  judgeWindows({ syncWindows: windows }, application, at(time), isManual);
const may = (...args: Parameters<typeof judge>): boolean => judge(...args).mayStart;

describe('judgeWindows', () => {
  it('permits everything without windows, or with those of others', () => {
    assert.deepEqual(judge([], '09:00'), { mayStart: true });
    assert.deepEqual(judge([window({ applications: ['other'] })], '09:00'), { mayStart: true });
    assert.deepEqual(judge([window({ applications: [] })], '09:00'), { mayStart: true });
  });

  it('forbids within a window that denies, and says until when', () => {
    assert.deepEqual(judge([window({})], '09:00'), {
      mayStart: false,
      reason: 'deny window "0 8 * * *" for 2h is active until 2026-03-02T10:00:00Z',
      changesAt: at('10:00'),
    });
    assert.deepEqual(judge([window({})], '10:00'), { mayStart: true, changesAt: at('10:00') + 22 * 3_600_000 });
    assert.equal(may([window({})], '07:59'), true);
  });

  it('forbids outside of windows that allow', () => {
    const allow = window({ kind: 'allow' });
    assert.equal(may([allow], '09:00'), true);
    assert.equal(
      judge([allow], '11:00').reason,
      'allow window "0 8 * * *" for 2h is closed until 2026-03-03T08:00:00Z',
    );
    assert.equal(may([allow, window({ kind: 'allow', schedule: '0 11 * * *' })], '11:30'), true);
    assert.equal(may([allow, window({ schedule: '30 8 * * *' })], '09:00'), false);
  });

  it('lets a person through where all windows in the way say so', () => {
    assert.equal(may([window({ manualSync: true })], '09:00', true), true);
    assert.equal(may([window({ manualSync: true })], '09:00', false), false);
    assert.equal(may([window({ manualSync: true }), window({})], '09:00', true), false);
    assert.equal(may([window({ kind: 'allow', manualSync: true })], '12:00', true), true);
  });

  it('matches by any list, or by all of them', () => {
    const lists = { applications: ['other'], namespaces: ['sh?p'], clusters: ['in-cluster'] };
    assert.equal(may([window(lists)], '09:00'), false);
    assert.equal(may([window({ ...lists, andOperator: true })], '09:00'), true);
    assert.equal(may([window({ ...lists, applications: ['*'], andOperator: true })], '09:00'), false);
  });

  it('knows time zones, windows that follow each other, and what cannot be read', () => {
    assert.equal(may([window({ timeZone: 'Europe/Berlin' })], '07:30'), false);
    assert.equal(may([window({ timeZone: 'Nowhere/None' })], '08:30'), false);
    const always = window({ schedule: '* * * * *', duration: '1h' });
    assert.equal(may([always], '09:00'), false);
    assert.ok((judge([always], '09:00').changesAt ?? 0) > at('09:00'));
    assert.match(judge([window({ schedule: 'nonsense' })], '09:00').reason ?? '', /^invalid sync windows: /);
    assert.match(judge([window({ duration: 'long' })], '09:00').reason ?? '', /^invalid sync windows: .*duration/);
  });

  it('never says otherwise before the time that it names', () => {
    const arbitrary = fc.record({
      kind: fc.constantFrom('allow', 'deny') as fc.Arbitrary<'allow' | 'deny'>,
      schedule: fc.constantFrom('0 8 * * *', '30 */6 * * *', '0 0 * * 1'),
      duration: fc.constantFrom('1h', '30m', '7h'),
    });
    const windows = fc.array(arbitrary.map(window), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        windows,
        fc.nat({ max: 7 * 24 * 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (all, minute, part) => {
          const now = at('00:00') + minute * 60_000;
          const verdict = judgeWindows({ syncWindows: all }, application, now, false);
          const until = verdict.changesAt ?? now;
          const later = judgeWindows({ syncWindows: all }, application, now + Math.floor((until - now) * part), false);
          assert.equal(later.mayStart, verdict.mayStart);
        },
      ),
      { numRuns: 30 },
    );
  });
});
