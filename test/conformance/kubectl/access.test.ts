import assert from 'node:assert/strict';
import { KubectlUnderTest } from './kubectl-under-test.js';

const BOB = 'system:serviceaccount:access:bob';

describe('kubectl auth', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.start();
    await kubectl.namespace('access');
    await kubectl.ok('create serviceaccount bob');
  });

  after(() => kubectl.stop());

  it('can-i --list shows what everybody has, and all for the administrator', async () => {
    assert.match(await kubectl.ok('auth can-i --list'), /^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    const bobs = await kubectl.ok(`auth can-i --list --as ${BOB}`);
    assert.match(bobs, /^selfsubjectreviews\.authentication\.k8s\.io .*\[create\]$/m);
    assert.match(bobs, /\[\/apis\/\*\] .*\[get\]$/m);
    assert.doesNotMatch(bobs, /pods|\*\.\*/);
  });

  it('can-i follows a binding to the default role view, which leaves secrets out', async () => {
    await kubectl.ok('create rolebinding bob-views --clusterrole view --serviceaccount access:bob');
    assert.match(await kubectl.ok(`auth can-i list pods --as ${BOB}`), /^yes/);
    assert.match(await kubectl.ok(`get pods,deployments --as ${BOB} --ignore-not-found -o name`), /^\s*$/);
    const bobs = await kubectl.ok(`auth can-i --list --as ${BOB}`);
    assert.match(bobs, /^pods\/log .*\[get list watch\]$/m);
    assert.doesNotMatch(bobs, /secrets|create delete/);
  });

  it('whoami and refusals name the account of a token', async () => {
    const token = await kubectl.ok('create token bob');
    await kubectl.ok(`config set-credentials bob --token=${token}`);
    assert.equal(await kubectl.ok('auth whoami --user bob -o jsonpath={.status.userInfo.username}'), BOB);
    assert.equal(
      await kubectl.fails('get secrets --user bob'),
      `Error from server (Forbidden): secrets is forbidden: User "${BOB}" cannot list resource "secrets" in API group "" in the namespace "access"`,
    );
    assert.match(
      await kubectl.fails('create role r --verb get --resource secrets --user bob'),
      /cannot create resource/,
    );
  });
});
