import assert from 'node:assert/strict';
import { LookupIndex } from '../../../src/sync/applications/lookup-index.js';

const lookup = (apiVersion: string, kind: string, namespace: string, name: string) =>
  ({ ask: 'lookup', apiVersion, kind, namespace, name }) as const;
const key = (name: string) => ({ namespace: 'argocd', name });
const object = (kind: string, name: string, namespace?: string, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

describe('LookupIndex', () => {
  it('finds who looked an object up, by name or in a list', () => {
    const index = new LookupIndex();
    index.set(key('one'), [lookup('v1', 'Secret', 'a', 's')]);
    index.set(key('all'), [lookup('v1', 'Secret', '', ''), lookup('v1', 'Node', '', 'n')]);
    const users = (...args: Parameters<typeof object>) => index.usersOf(object(...args)).map(({ name }) => name);
    assert.deepEqual(users('Secret', 's', 'a'), ['one', 'all']);
    assert.deepEqual(users('Secret', 's', 'b'), ['all']);
    assert.deepEqual(users('Node', 'n'), ['all']);
    assert.deepEqual(users('Node', 'm'), []);
    assert.deepEqual(users('Secret', 's', 'a', 'other.example/v1'), []);
    index.set(key('one'), []);
    index.delete(key('all'));
    assert.deepEqual(users('Secret', 's', 'a'), []);
  });

  it('follows a kind in all its versions', () => {
    const index = new LookupIndex();
    index.set(key('one'), [lookup('batch/v1beta1', 'CronJob', 'a', 'c')]);
    assert.equal(index.usersOf(object('CronJob', 'c', 'a', 'batch/v1')).length, 1);
  });
});
