import assert from 'node:assert/strict';
import pino from 'pino';
import { isApiError } from '../../../src/objects/api-error.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { ClusterRole, ClusterRoleBinding } from '../../../src/objects/kinds/rbac-authorization-k8s-io-v1.js';
import { createApi } from '../../../src/cluster/api/api.js';
import { allowAuthenticated } from '../../../src/cluster/auth/authorizer.js';
import { defaultRoles } from '../../../src/cluster/auth/rbac/default-roles.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { ServerUnderTest, type Answered } from './server-under-test.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';
const REVIEWS = '/apis/authorization.k8s.io/v1';
const BOB = 'system:serviceaccount:default:bob';
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
const toBob = [{ kind: 'ServiceAccount', name: 'bob', namespace: 'default' }];
const rule = (verbs: string, resources: string, group = '') => ({
  verbs: verbs.split(' '),
  apiGroups: [group],
  resources: resources.split(' '),
});

describe("what a service account's token may do", () => {
  let server: ServerUnderTest;
  let token: string;

  const post = (path: string, body: object, as?: string): Promise<Answered> =>
    server.ask(path, { method: 'POST', body, ...(as === undefined ? {} : { token: as }) });
  const made = async (path: string, body: object): Promise<void> => {
    const answer = await post(path, body);
    assert.equal(answer.code, 201, answer.text);
  };
  const allow = async (name: string, rules: readonly object[]): Promise<void> => {
    await made(`${RBAC}/namespaces/default/roles`, { metadata: { name }, rules });
    await made(`${RBAC}/namespaces/default/rolebindings`, {
      metadata: { name },
      roleRef: roleRef('Role', name),
      subjects: toBob,
    });
  };
  const refused = (answer: Answered, message: string): void => {
    assert.equal(answer.code, 403, answer.text);
    assert.equal(answer.json()['reason'], 'Forbidden');
    assert.equal(answer.json()['message'], message);
  };

  beforeEach(async () => {
    server = await ServerUnderTest.start();
    await made('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'bob' } });
    token = (await post('/api/v1/namespaces/default/serviceaccounts/bob/token', {})).json()['status'].token as string;
  });
  afterEach(() => server.stop());

  it('is nothing with objects by default', async () => {
    const start = `is forbidden: User "${BOB}" cannot`;
    const where = 'in API group "" in the namespace "default"';
    refused(await server.ask(MAPS, { token }), `configmaps ${start} list resource "configmaps" ${where}`);
    refused(await server.ask(`${MAPS}/a`, { token }), `configmaps "a" ${start} get resource "configmaps" ${where}`);
    refused(await server.ask(`${MAPS}?watch=1`, { token }), `configmaps ${start} watch resource "configmaps" ${where}`);
    refused(
      await post(MAPS, { metadata: { name: 'a' } }, token),
      `configmaps ${start} create resource "configmaps" ${where}`,
    );
    refused(
      await server.ask('/api/v1/nodes', { token }),
      `nodes ${start} list resource "nodes" in API group "" at the cluster scope`,
    );
    refused(
      await server.ask('/api/v1/namespaces/default/pods/p/log', { token }),
      `pods "p" ${start} get resource "pods/log" ${where}`,
    );
  });

  it('is always to discover what there is and to ask about itself', async () => {
    const paths = ['/api', '/apis', '/api/v1', '/apis/apps/v1', '/openapi/v3', '/openapi/v2', '/version', '/healthz'];
    for (const path of [...paths, '/openid/v1/jwks']) assert.equal((await server.ask(path, { token })).code, 200, path);
    refused(await server.ask('/', { token }), `forbidden: User "${BOB}" cannot get path "/"`);
    const whoami = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, token);
    assert.equal(whoami.json()['status'].userInfo.username, BOB);
    const spec = { resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: 'default' } };
    const own = await post(`${REVIEWS}/selfsubjectaccessreviews`, { spec }, token);
    assert.deepEqual(own.json()['status'], { allowed: false });
    assert.equal((await post(`${REVIEWS}/subjectaccessreviews`, { spec: { ...spec, user: 'x' } }, token)).code, 403);
  });

  it('is what a binding allows, from then on and until it is gone', async () => {
    await allow('reader', [rule('list', 'configmaps')]);
    assert.equal((await server.ask(MAPS, { token })).code, 200);
    assert.equal((await server.ask(`${MAPS}/a`, { token })).code, 403);
    assert.equal((await server.ask('/api/v1/configmaps', { token })).code, 403);
    const spec = { resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: 'default' } };
    const own = await post(`${REVIEWS}/selfsubjectaccessreviews`, { spec }, token);
    const reason = 'RBAC: allowed by RoleBinding "reader/default" of Role "reader" to ServiceAccount "bob/default"';
    assert.deepEqual(own.json()['status'], { allowed: true, reason });
    const other = await post(`${REVIEWS}/subjectaccessreviews`, { spec: { ...spec, user: BOB } });
    assert.deepEqual(other.json()['status'], { allowed: true, reason });
    const binding = `${RBAC}/namespaces/default/rolebindings/reader`;
    assert.equal((await server.ask(binding, { method: 'DELETE' })).code, 200);
    assert.equal((await server.ask(MAPS, { token })).code, 403);
  });

  it('is said in rules', async () => {
    await allow('reader', [{ ...rule('list', 'configmaps'), resourceNames: ['a'] }]);
    const answer = await post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }, token);
    const { resourceRules, nonResourceRules, incomplete } = answer.json()['status'];
    assert.equal(incomplete, false);
    const reads = { verbs: ['list'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'] };
    assert.deepEqual(resourceRules.at(-1), reads);
    assert.equal(resourceRules.length, 3, 'and those of system:basic-user');
    assert.ok(nonResourceRules.some((each: { nonResourceURLs: string[] }) => each.nonResourceURLs.includes('/apis/*')));
  });

  it('can be one object alone, also as a selection of a list', async () => {
    await allow('one', [{ ...rule('get list watch', 'configmaps'), resourceNames: ['a'] }]);
    await made(MAPS, { metadata: { name: 'a' } });
    assert.equal((await server.ask(`${MAPS}/a`, { token })).code, 200);
    assert.equal((await server.ask(`${MAPS}?fieldSelector=metadata.name%3Da`, { token })).code, 200);
    assert.equal((await server.ask(`${MAPS}?fieldSelector=metadata.name%3Db`, { token })).code, 403);
    assert.equal((await server.ask(`${MAPS}?fieldSelector=metadata.name%21%3Da`, { token })).code, 403);
    assert.equal((await server.ask(MAPS, { token })).code, 403);
  });

  it('is not to make an object with the right to change it', async () => {
    await allow('patcher', [rule('patch', 'configmaps')]);
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const apply = () => server.ask(`${MAPS}/a?fieldManager=t`, { method: 'PATCH', headers, body, token });
    assert.match((await apply()).json()['message'] as string, /cannot create resource "configmaps"/);
    await made(MAPS, body);
    assert.equal((await apply()).code, 200);
  });

  it('is to act as others only where it may', async () => {
    await made(`${RBAC}/clusterroles`, {
      metadata: { name: 'actor' },
      rules: [{ ...rule('impersonate', 'users groups'), resourceNames: ['joe', 'devs'] }],
    });
    await made(`${RBAC}/clusterrolebindings`, {
      metadata: { name: 'actor' },
      roleRef: roleRef('ClusterRole', 'actor'),
      subjects: toBob,
    });
    const as = (user: string, group: string) =>
      server.ask('/api', { token, headers: { 'impersonate-user': user, 'impersonate-group': group } });
    assert.equal((await as('joe', 'devs')).code, 200);
    assert.match((await as('ann', 'devs')).json()['message'] as string, /cannot impersonate resource "users"/);
    assert.match((await as('joe', 'system:masters')).json()['message'] as string, /"system:masters" is forbidden/);
  });

  describe('when it may write roles and bindings', () => {
    const roles = `${RBAC}/namespaces/default/roles`;
    const bindings = `${RBAC}/namespaces/default/rolebindings`;
    const admin = 'rbac.authorization.k8s.io';
    beforeEach(() =>
      allow('owner', [rule('create update patch get', 'roles rolebindings', admin), rule('get', 'configmaps')]),
    );

    it('gives away what it has and no more', async () => {
      const less = { metadata: { name: 'less' }, rules: [{ ...rule('get', 'configmaps'), resourceNames: ['a'] }] };
      assert.equal((await post(roles, less, token)).code, 201);
      const more = { metadata: { name: 'more' }, rules: [rule('get list watch', 'configmaps')] };
      const groups = '["system:serviceaccounts" "system:serviceaccounts:default" "system:authenticated"]';
      refused(
        await post(roles, more, token),
        `roles.rbac.authorization.k8s.io "more" is forbidden: user "${BOB}" (groups=${groups}) is attempting to grant ` +
          'RBAC permissions not currently held:\n{APIGroups:[""], Resources:["configmaps"], Verbs:["list" "watch"]}',
      );
      const widened = await server.ask(`${roles}/less`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { rules: more.rules },
        token,
      });
      assert.equal(widened.code, 403);
    });

    it('binds roles that it has, and others only when it may bind them', async () => {
      const binding = (name: string, kind: string, role: string) => ({
        metadata: { name },
        roleRef: roleRef(kind, role),
        subjects: toBob,
      });
      assert.equal((await post(bindings, binding('mine', 'Role', 'owner'), token)).code, 201);
      assert.equal((await post(bindings, binding('all', 'ClusterRole', 'cluster-admin'), token)).code, 403);
      assert.equal((await post(bindings, binding('none', 'ClusterRole', 'nothing'), token)).code, 404);
      await allow('binder', [{ ...rule('bind', 'clusterroles', admin), resourceNames: ['cluster-admin'] }]);
      assert.equal((await post(bindings, binding('all', 'ClusterRole', 'cluster-admin'), token)).code, 201);
      assert.equal((await server.ask(MAPS, { token })).code, 200);
      assert.equal((await server.ask('/api/v1/configmaps', { token })).code, 403);
    });

    it('gives away anything when it may escalate', async () => {
      await allow('escalator', [rule('escalate', 'roles', admin)]);
      const all = { metadata: { name: 'all' }, rules: [rule('*', '*', '*')] };
      assert.equal((await post(roles, all, token)).code, 201);
    });
  });
});

describe('createApi, at its start', () => {
  const log = pino({ level: 'silent' });
  const stop = new AbortController();
  after(() => stop.abort());

  it('makes the default roles, mends them at the next start, and leaves what administrators keep', async () => {
    const store = createMemoryStore();
    const first = createApi({ store, log });
    await first.start(stop.signal);
    const client = first.client();
    const names = (await client.list(ClusterRole)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(
      names,
      defaultRoles()
        .clusterRoles.map(({ metadata }) => metadata.name)
        .toSorted(),
    );
    const own = { verbs: ['get'], nonResourceURLs: ['/own'] };
    const discovery = { name: 'system:discovery' };
    await client.patch(ClusterRole, discovery, { type: 'merge', body: { rules: [own] } });
    await client.patch(ClusterRoleBinding, discovery, { type: 'merge', body: { subjects: [] } });
    const kept = { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } };
    await client.patch(
      ClusterRole,
      { name: 'system:monitoring' },
      { type: 'merge', body: { metadata: kept, rules: [] } },
    );
    await client.delete(ClusterRoleBinding, { name: 'cluster-admin' });
    const before = await client.get(ClusterRole, { name: 'view' });
    await createApi({ store, log }).start(stop.signal);
    const mended = await client.get(ClusterRole, discovery);
    const wanted = defaultRoles().clusterRoles.find(({ metadata }) => metadata.name === discovery.name);
    assert.deepEqual(mended?.rules, [own, ...(wanted?.rules ?? [])]);
    assert.equal((await client.get(ClusterRoleBinding, discovery))?.subjects?.[0]?.name, 'system:authenticated');
    assert.equal((await client.get(ClusterRole, { name: 'system:monitoring' }))?.rules?.length ?? 0, 0);
    assert.equal(
      (await client.get(ClusterRoleBinding, { name: 'cluster-admin' }))?.subjects?.[0]?.name,
      'system:masters',
    );
    assert.deepEqual(await client.get(ClusterRole, { name: 'view' }), before);
  });

  it('takes another authorizer in place of the roles', async () => {
    const api = createApi({ store: createMemoryStore(), log, authorize: allowAuthenticated });
    await api.start(stop.signal);
    const groups = ['system:authenticated'];
    assert.equal((await api.client({ name: 'ann', groups }).list(ConfigMap, { namespace: 'default' })).items.length, 0);
    const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    await assert.rejects(api.client(anonymous).list(ConfigMap), (error) => isApiError(error, 'Forbidden'));
    const bob = { name: 'bob', groups: ['team'] };
    const attributes = { namespace: 'default', verb: 'create', resource: 'pods', group: '' };
    assert.deepEqual(allowAuthenticated({ user: bob, ...attributes }), { allowed: true });
  });
});
