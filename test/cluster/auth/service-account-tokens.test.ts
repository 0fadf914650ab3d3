import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KubeObject } from '../../../src/objects/object.js';
import { ISSUER, ServiceAccountTokens } from '../../../src/cluster/auth/service-account-tokens.js';

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const object = (kind: string, name: string, uid: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', uid },
});

describe('ServiceAccountTokens', () => {
  const key = newKey();
  let now: number;
  let objects: Map<string, KubeObject>;
  let tokens: ServiceAccountTokens;
  const grant = {
    namespace: 'shop',
    account: { name: 'web', uid: 'u1' },
    audiences: [ISSUER],
    expirationSeconds: 600,
    bound: { kind: 'Pod' as const, name: 'web-1', uid: 'p1' },
  };

  beforeEach(() => {
    now = Date.parse('2026-01-01T00:00:00Z');
    objects = new Map([
      ['serviceaccounts/web', object('ServiceAccount', 'web', 'u1')],
      ['pods/web-1', object('Pod', 'web-1', 'p1')],
    ]);
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    tokens = new ServiceAccountTokens(key, (plural, _namespace, name) => objects.get(`${plural}/${name}`), clock);
  });

  it('are good for the account that they name', async () => {
    const { token, expires } = await tokens.issue(grant);
    assert.equal(expires, now + 600_000);
    const found = await tokens.check(token);
    assert.equal(found?.user.name, 'system:serviceaccount:shop:web');
    assert.deepEqual(found.user.groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:shop',
      'system:authenticated',
    ]);
    assert.deepEqual(found.user.extra?.['authentication.kubernetes.io/pod-name'], ['web-1']);
  });

  it('are void when their time is up', async () => {
    const { token } = await tokens.issue(grant);
    assert.ok(await tokens.check(token));
    now += 600_000;
    assert.equal(await tokens.check(token), undefined);
  });

  it('are void when their account or pod is gone, or another one of that name', async () => {
    const { token } = await tokens.issue(grant);
    objects.set('pods/web-1', object('Pod', 'web-1', 'p2'));
    assert.equal(await tokens.check(token), undefined);
    objects.set('pods/web-1', object('Pod', 'web-1', 'p1'));
    assert.ok(await tokens.check(token));
    objects.delete('serviceaccounts/web');
    assert.equal(await tokens.check(token), undefined);
  });

  it('of another key, and what is no token, are void', async () => {
    const other = new ServiceAccountTokens(newKey(), () => undefined, {
      now: () => now,
      sleep: () => Promise.resolve(),
    });
    assert.equal(await tokens.check((await other.issue(grant)).token), undefined);
    assert.equal(await tokens.check('nonsense'), undefined);
    const [head, body] = (await tokens.issue(grant)).token.split('.');
    assert.equal(await tokens.check(`${head}.${body}.`), undefined);
  });
});
