import assert from 'node:assert/strict';
import { createTokenSecretController } from '../../../../src/cluster/controllers/service-account/token-secret-controller.js';
import type { SecretTokenGrant } from '../../../../src/cluster/auth/service-account-tokens.js';
import { Secret, ServiceAccount } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

const TYPE = 'kubernetes.io/service-account-token';
const NAMED = { 'kubernetes.io/service-account.name': 'robot' };

describe('Secrets for the tokens of service accounts', () => {
  let cluster: ClusterUnderTest;
  /** Signing takes time of the machine, not of the clock. */
  let issued: Promise<unknown>;
  beforeEach(async () => {
    issued = Promise.resolve();
    const issue = (grant: SecretTokenGrant): Promise<string> => {
      const token = cluster.api.tokens.issueForSecret(grant);
      issued = token;
      return token;
    };
    cluster = await ClusterUnderTest.start((deps) => [createTokenSecretController(deps, { issue, rootCa: 'CA' })]);
    await cluster.client.create({ ...ServiceAccount, metadata: { namespace: 'shop', name: 'robot' } });
  });
  afterEach(() => cluster.close());

  const create = (name: string, annotations: Record<string, string> = NAMED): Promise<Secret> =>
    cluster.client.create<Secret>({ ...Secret, metadata: { namespace: 'shop', name, annotations }, type: TYPE });
  const stored = (name: string): Promise<Secret | undefined> => cluster.client.get(Secret, { namespace: 'shop', name });
  const text = (secret: Secret | undefined, key: string): string =>
    Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
  const filled = async (name: string): Promise<Secret | undefined> => {
    await cluster.until('filled', async () => {
      await issued;
      return text(await stored(name), 'token') !== '';
    });
    return stored(name);
  };

  it('are filled in with a token that the server knows, its certificate and the namespace', async () => {
    await create('key');
    const secret = await filled('key');
    assert.deepEqual([text(secret, 'ca.crt'), text(secret, 'namespace')], ['CA', 'shop']);
    const found = await cluster.api.tokens.check(text(secret, 'token'));
    assert.equal(found?.user.name, 'system:serviceaccount:shop:robot');
    const account = (await cluster.list(ServiceAccount))[0]?.metadata;
    assert.equal(secret?.metadata.annotations?.['kubernetes.io/service-account.uid'], account?.uid);
  });

  it('are void when the Secret is gone or holds another token', async () => {
    await create('key');
    const token = text(await filled('key'), 'token');
    await cluster.change(Secret, 'key', (secret) => ({ ...secret, data: { ...secret.data, token: 'b3RoZXI=' } }));
    assert.equal(await cluster.api.tokens.check(token), undefined);
    await create('second');
    const second = text(await filled('second'), 'token');
    await cluster.client.delete(Secret, { namespace: 'shop', name: 'second' });
    assert.equal(await cluster.api.tokens.check(second), undefined);
  });

  it('go with their account, and those of another account of that name', async () => {
    await create('key');
    await filled('key');
    await create('stale', { ...NAMED, 'kubernetes.io/service-account.uid': 'another' });
    await cluster.until('gone', async () => (await stored('stale')) === undefined);
    await cluster.client.delete(ServiceAccount, { namespace: 'shop', name: 'robot' });
    await cluster.until('gone', async () => (await stored('key')) === undefined);
  });

  it('are no longer listed by the account when they are gone', async () => {
    await create('key');
    await filled('key');
    await cluster.change(ServiceAccount, 'robot', (account) => ({ ...account, secrets: [{ name: 'key' }] }));
    await cluster.client.delete(Secret, { namespace: 'shop', name: 'key' });
    await cluster.until('forgotten', async () => ((await cluster.list(ServiceAccount))[0]?.secrets ?? []).length === 0);
  });
});
