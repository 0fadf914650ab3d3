import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { ApiError, isApiError } from '../../../src/objects/api-error.js';
import { isConditionTrue } from '../../../src/objects/conditions.js';
import { CustomResourceDefinition } from '../../../src/objects/kinds/apiextensions-k8s-io-v1.js';
import type { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { createApi } from '../../../src/cluster/api/api.js';
import { createAuthority, issueCertificate } from '../../../src/cluster/auth/certificates.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

type Review = {
  apiVersion: string;
  kind: string;
  request: { uid: string; operation?: string; object?: KubeObject; objects?: KubeObject[]; desiredAPIVersion?: string };
};

/** A webhook of which each test says what it answers. */
class WebhookUnderTest {
  readonly seen: Review[] = [];
  answer: (review: Review) => object = () => ({ allowed: true });

  private constructor(
    private readonly server: Server,
    readonly clientConfig: { readonly url: string; readonly caBundle: string },
  ) {}

  static async start(): Promise<WebhookUnderTest> {
    const authority = await createAuthority(Date.now());
    const leaf = await issueCertificate(
      authority,
      { commonName: 'hook', hosts: ['localhost'], use: 'server' },
      Date.now(),
    );
    const server = createServer({ cert: leaf.certificate, key: leaf.key });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://localhost:${(server.address() as AddressInfo).port}/review`;
    const hook = new WebhookUnderTest(server, { url, caBundle: Buffer.from(authority.certificate).toString('base64') });
    server.on('request', (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      request.once('end', () => {
        const review = JSON.parse(text) as Review;
        hook.seen.push(review);
        const { apiVersion, kind } = review;
        response.end(
          JSON.stringify({ apiVersion, kind, response: { uid: review.request.uid, ...hook.answer(review) } }),
        );
      });
    });
    return hook;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

describe('webhooks', () => {
  const stop = new AbortController();
  let hook: WebhookUnderTest;
  let client: Client;

  beforeEach(async () => {
    hook = await WebhookUnderTest.start();
    const api = createApi({ store: createMemoryStore(), log: pino({ level: 'silent' }) });
    await api.start(stop.signal);
    client = api.client();
  });

  afterEach(() => hook.stop());
  after(() => stop.abort());

  const register = (kind: 'Mutating' | 'Validating', more: object = {}): Promise<KubeObject> =>
    client.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: 'hook' },
      webhooks: [
        {
          name: 'hook.example.com',
          clientConfig: hook.clientConfig,
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          ...more,
        },
      ],
    } as unknown as KubeObject);

  it('change objects by JSON patch', async () => {
    const patch = Buffer.from('[{"op":"add","path":"/data","value":{"a":"b"}}]').toString('base64');
    hook.answer = () => ({ allowed: true, patchType: 'JSONPatch', patch });
    await register('Mutating');
    assert.deepEqual((await client.create(configMap('a'))).data, { a: 'b' });
    assert.equal(hook.seen[0]?.request.operation, 'CREATE');
  });

  it('refuse objects, with their own words', async () => {
    hook.answer = () => ({ allowed: false, status: { message: 'not today' } });
    await register('Validating');
    await assert.rejects(
      client.create(configMap('a')),
      (error) =>
        error instanceof ApiError &&
        error.code === 400 &&
        error.message === 'admission webhook "hook.example.com" denied the request: not today',
    );
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } });
    assert.equal(hook.seen.length, 1);
  });

  it('that cannot be reached stop the request, unless they may be ignored', async () => {
    await register('Validating');
    hook.stop();
    await assert.rejects(
      client.create(configMap('a')),
      (error) =>
        isApiError(error, 'InternalError') && /failed calling webhook "hook\.example\.com"/.test(error.message),
    );
    const configuration = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' };
    await client.delete(configuration, { name: 'hook' });
    await register('Validating', { failurePolicy: 'Ignore' });
    await client.create(configMap('a'));
  });

  it('that refuse with a reason and a code are quoted with them', async () => {
    hook.answer = () => ({ allowed: false, status: { message: 'no', reason: 'Forbidden', code: 403 } });
    await register('Validating');
    await assert.rejects(
      client.create(configMap('a')),
      (error) =>
        isApiError(error, 'Forbidden') && error.code === 403 && error.message.endsWith('denied the request: no'),
    );
  });

  it('are asked only when their match conditions hold', async () => {
    hook.answer = () => ({ allowed: false });
    await register('Validating', {
      matchConditions: [{ name: 'checked', expression: "object.metadata.?labels.check.orValue('') == 'yes'" }],
    });
    await client.create(configMap('a'));
    const chosen = { ...configMap('b'), metadata: { ...configMap('b').metadata, labels: { check: 'yes' } } };
    await assert.rejects(client.create(chosen), /denied the request without explanation$/);
    await assert.rejects(
      register('Mutating', { matchConditions: [{ name: 'bad', expression: 'object.' }] }),
      /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: "object\.": compilation failed/,
    );
  });

  it('whose match conditions fail refuse, or are passed over, as their failure policy says', async () => {
    const matchConditions = [{ name: 'fails', expression: "object.data.missing == 'x'" }];
    await register('Validating', { matchConditions });
    await assert.rejects(
      client.create(configMap('a')),
      /configmaps "a" is forbidden: expression 'object.data.missing == 'x'' resulted in error: no such key: data$/,
    );
    const configuration = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' };
    await client.delete(configuration, { name: 'hook' });
    await register('Validating', { matchConditions, failurePolicy: 'Ignore' });
    await client.create(configMap('a'));
    assert.equal(hook.seen.length, 0);
  });

  it('see only what their selectors choose', async () => {
    hook.answer = () => ({ allowed: false });
    await register('Validating', { objectSelector: { matchLabels: { check: 'yes' } } });
    await client.create(configMap('a'));
    const chosen = { ...configMap('b'), metadata: { ...configMap('b').metadata, labels: { check: 'yes' } } };
    await assert.rejects(client.create(chosen));
  });

  it('convert custom resources between versions', async () => {
    hook.answer = ({ request }) => ({
      result: { status: 'Success' },
      convertedObjects: (request.objects ?? []).map((object) => {
        const { size, length, ...spec } = object['spec'] as { size?: number; length?: number };
        const other = request.desiredAPIVersion === 'example.com/v2' ? { length: size } : { size: length };
        return { ...object, apiVersion: request.desiredAPIVersion, spec: { ...spec, ...other } };
      }),
    });
    const version = (name: string, field: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { [field]: { type: 'integer' } } } },
        },
      },
    });
    await client.create({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'ropes.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'ropes', kind: 'Rope' },
        versions: [version('v1', 'size', false), version('v2', 'length', true)],
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: hook.clientConfig, conversionReviewVersions: ['v1'] },
        },
      },
    } as unknown as CustomResourceDefinition);
    for await (const event of client.watch(CustomResourceDefinition, {}, stop.signal)) {
      if (event.type !== 'bookmark' && isConditionTrue(event.object.status?.conditions, 'Established')) break;
    }
    const rope = {
      apiVersion: 'example.com/v1',
      kind: 'Rope',
      metadata: { name: 'r', namespace: 'default' },
      spec: { size: 4 },
    };
    assert.deepEqual((await client.create(rope))['spec'], { size: 4 });
    const key = { namespace: 'default', name: 'r' };
    assert.deepEqual((await client.get({ apiVersion: 'example.com/v2', kind: 'Rope' }, key))?.['spec'], { length: 4 });
    const { items } = await client.list({ apiVersion: 'example.com/v1', kind: 'Rope' });
    assert.deepEqual(items[0]?.['spec'], { size: 4 });
  });
});
