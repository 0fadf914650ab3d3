import assert from 'node:assert/strict';
import type { Application } from '../../../src/sync/applications/application.js';
import { HOOK_FINALIZERS, wantedFinalizers } from '../../../src/sync/applications/deletion-hooks.js';

const app = (...finalizers: readonly string[]): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'a', finalizers },
  spec: { project: 'default', destination: {} },
});

describe('wantedFinalizers', () => {
  it('keeps an application for its hooks, and no longer', () => {
    const { PreDelete, PostDelete } = HOOK_FINALIZERS;
    const both = [{ hooks: ['PreDelete', 'PostSync'] as const }, { hooks: ['PostDelete'] as const }, { hooks: [] }];
    const all = [PreDelete.run, PreDelete.cleanUp, PostDelete.run, PostDelete.cleanUp];
    assert.deepEqual(wantedFinalizers(app('other'), both), ['other', ...all]);
    assert.equal(wantedFinalizers(app(...all, 'other'), both), undefined);
    assert.deepEqual(wantedFinalizers(app(PreDelete.run), both.slice(0, 1)), [PreDelete.run, PreDelete.cleanUp]);
    assert.deepEqual(wantedFinalizers(app(...all, 'other'), []), ['other']);
    assert.equal(wantedFinalizers(app('other'), []), undefined);
  });
});
