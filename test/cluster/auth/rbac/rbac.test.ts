import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../src/objects/object.js';
import type { Subject } from '../../../../src/objects/kinds/rbac-authorization-k8s-io-v1.js';
import { Rbac } from '../../../../src/cluster/auth/rbac/rbac.js';
import { createMemoryStore } from '../../../../src/cluster/store/memory-store.js';
import type { Store } from '../../../../src/cluster/store/store.js';

const GROUP = 'rbac.authorization.k8s.io';
const put = (store: Store, plural: string, name: string, rest: object, namespace?: string) => {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const object = { apiVersion: `${GROUP}/v1`, kind: 'Any', metadata, ...rest } as KubeObject;
  return store.commit({ type: 'create', key: keyOf(plural, name, namespace), object });
};
const keyOf = (plural: string, name: string, namespace?: string): string =>
  `/registry/${GROUP}/${plural}/${namespace === undefined ? '' : `${namespace}/`}${name}`;

const READ_PODS = { rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }] };
const bindingOf = (kind: string, name: string, ...subjects: readonly Subject[]) => ({
  roleRef: { apiGroup: GROUP, kind, name },
  subjects,
});
const listPods = (name: string, namespace?: string, groups: readonly string[] = []) => ({
  user: { name, groups },
  verb: 'list',
  group: '',
  resource: 'pods',
  ...(namespace === undefined ? {} : { namespace }),
});
const account = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

describe('Rbac', () => {
  let store: Store;
  let rbac: Rbac;
  beforeEach(() => {
    store = createMemoryStore();
    rbac = new Rbac(store);
  });

  it('allows nothing when there is nothing', () => {
    assert.deepEqual(rbac.authorize(listPods('ann', 'shop')), { allowed: false });
  });

  it('allows in all namespaces by a ClusterRoleBinding, and says by which', async () => {
    await put(store, 'clusterroles', 'reader', READ_PODS);
    await put(
      store,
      'clusterrolebindings',
      'ann-reads',
      bindingOf('ClusterRole', 'reader', { kind: 'User', name: 'ann' }),
    );
    const reason = 'RBAC: allowed by ClusterRoleBinding "ann-reads" of ClusterRole "reader" to User "ann"';
    assert.deepEqual(rbac.authorize(listPods('ann', 'shop')), { allowed: true, reason });
    assert.deepEqual(rbac.authorize(listPods('ann')), { allowed: true, reason });
    assert.equal(rbac.authorize(listPods('bob')).allowed, false);
    assert.equal(rbac.authorize({ ...listPods('ann'), verb: 'delete' }).allowed, false);
  });

  it('allows in one namespace by a RoleBinding, to a Role there or a ClusterRole', async () => {
    await put(store, 'roles', 'reader', READ_PODS, 'shop');
    await put(store, 'clusterroles', 'every-reader', READ_PODS);
    await put(store, 'rolebindings', 'a', bindingOf('Role', 'reader', { kind: 'Group', name: 'devs' }), 'shop');
    await put(
      store,
      'rolebindings',
      'b',
      bindingOf('ClusterRole', 'every-reader', { kind: 'User', name: 'ann' }),
      'shop',
    );
    assert.deepEqual(rbac.authorize(listPods('zoe', 'shop', ['devs'])), {
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "a/shop" of Role "reader" to Group "devs"',
    });
    assert.equal(rbac.authorize(listPods('ann', 'shop')).allowed, true);
    for (const namespace of ['other', undefined]) {
      assert.equal(rbac.authorize(listPods('ann', namespace, ['devs'])).allowed, false, namespace);
    }
  });

  it('knows service accounts by their namespace, or by that of the RoleBinding', async () => {
    await put(store, 'clusterroles', 'reader', READ_PODS);
    const subjects = [
      { kind: 'ServiceAccount', name: 'local' },
      { kind: 'ServiceAccount', name: 'far', namespace: 'other' },
    ];
    await put(store, 'rolebindings', 'x', bindingOf('ClusterRole', 'reader', ...subjects), 'shop');
    assert.match(
      rbac.authorize(listPods(account('shop', 'local'), 'shop')).reason ?? '',
      /to ServiceAccount "local\/shop"/,
    );
    assert.equal(rbac.authorize(listPods(account('other', 'far'), 'shop')).allowed, true);
    assert.equal(rbac.authorize(listPods(account('shop', 'far'), 'shop')).allowed, false);
    assert.equal(rbac.authorize(listPods(account('other', 'local'), 'shop')).allowed, false);
    assert.equal(rbac.authorize(listPods('local', 'shop')).allowed, false);
  });

  it('does not find the Role of another namespace, and says what is missing when nothing else allows', async () => {
    await put(store, 'roles', 'reader', READ_PODS, 'other');
    await put(store, 'rolebindings', 'x', bindingOf('Role', 'reader', { kind: 'User', name: 'ann' }), 'shop');
    assert.deepEqual(rbac.authorize(listPods('ann', 'shop')), {
      allowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
    });
    assert.deepEqual(rbac.rulesFor({ name: 'ann', groups: [] }, 'shop'), {
      rules: [],
      problems: ['role.rbac.authorization.k8s.io "reader" not found'],
    });
  });

  it('sees changes, without a watch and with one, and goes on without one when that ends', async () => {
    const asked = listPods('ann');
    const bound = bindingOf('ClusterRole', 'reader', { kind: 'User', name: 'ann' });
    const change = async (expected: boolean): Promise<void> => {
      if (expected) await put(store, 'clusterrolebindings', 'x', bound);
      else {
        const key = keyOf('clusterrolebindings', 'x');
        await store.commit({ type: 'remove', key, revision: store.get(key)?.revision ?? 0 });
      }
      await new Promise(setImmediate);
      assert.equal(rbac.authorize(asked).allowed, expected);
    };
    await put(store, 'clusterroles', 'reader', READ_PODS);
    assert.equal(rbac.authorize(asked).allowed, false);
    await change(true);
    await change(false);
    const stop = new AbortController();
    const following = rbac.follow(stop.signal);
    await change(true);
    await change(false);
    stop.abort();
    await following;
    await change(true);
  });

  it('reads the objects once while nothing of theirs changes', async () => {
    let lists = 0;
    const counting: Store = Object.create(store, {
      list: { value: (prefix: string) => ((lists += 1), store.list(prefix)) },
      revision: { get: () => store.revision },
      watch: { value: store.watch.bind(store) },
    }) as Store;
    const counted = new Rbac(counting);
    const stop = new AbortController();
    const following = counted.follow(stop.signal);
    for (let each = 0; each < 5; each += 1) {
      counted.authorize(listPods('ann'));
      await store.commit({
        type: 'create',
        key: `/registry/core/configmaps/default/c${each}`,
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${each}`, namespace: 'default' } },
      });
    }
    assert.equal(lists, 4, 'one list of each kind');
    stop.abort();
    await following;
  });
});
