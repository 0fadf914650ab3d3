import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ConfigMap, Container, Secret, Service } from '../../../../src/objects/kinds/core-v1.js';
import type { EnvironmentInput } from '../../../../src/runtime/kubelet/environment/environment.js';
import { containerEnvironment } from '../../../../src/runtime/kubelet/environment/environment.js';
import { expandReferences } from '../../../../src/runtime/kubelet/environment/expansion.js';
import { container, podOf } from '../pods.js';

const settings: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { A: '1', B: '2' },
};
const hidden: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'hidden' },
  data: { pw: Buffer.from('geheim').toString('base64') },
};

const environment = (more: Partial<Container>, input: Partial<EnvironmentInput> = {}): Record<string, string> =>
  Object.fromEntries(
    containerEnvironment({
      pod: podOf(),
      container: container('c', more),
      podIps: ['10.0.0.1'],
      hostIps: ['192.168.0.1'],
      nodeName: 'n1',
      nodeAllocatable: { cpu: '4', memory: '8Gi' },
      configMap: (name) => (name === 'settings' ? settings : undefined),
      secret: (name) => (name === 'hidden' ? hidden : undefined),
      services: [],
      apiServer: undefined,
      tellAddress: false,
      ...input,
    }).map(({ name, value }) => [name, value]),
  );

const resource = (name: string, divisor?: string) => ({
  name: 'X',
  valueFrom: { resourceFieldRef: { resource: name, ...(divisor === undefined ? {} : { divisor }) } },
});

describe('containerEnvironment', () => {
  it('takes envFrom with prefixes, then env, and the later one wins', () => {
    const result = environment({
      envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'hidden' } }],
      env: [
        { name: 'A', value: 'own' },
        { name: 'C', value: '$(A)/$(B)/$(S_pw)/$(NONE)/$$(A)' },
      ],
    });
    assert.deepEqual(result, { A: 'own', B: '2', S_pw: 'geheim', C: 'own/2/geheim/$(NONE)/$(A)' });
  });

  it('says what is missing, in the words of Kubernetes', () => {
    const cases: readonly [Partial<Container>, string][] = [
      [{ envFrom: [{ configMapRef: { name: 'no' } }] }, 'configmap "no" not found'],
      [{ envFrom: [{ secretRef: { name: 'no' } }] }, 'secret "no" not found'],
      [
        { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'Z' } } }] },
        "couldn't find key Z in ConfigMap ns/settings",
      ],
      [
        { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'hidden', key: 'Z' } } }] },
        "couldn't find key Z in Secret ns/hidden",
      ],
    ];
    for (const [more, message] of cases) {
      assert.throws(() => environment(more), { reason: 'CreateContainerConfigError', message });
    }
  });

  it('leaves out what is optional and missing', () => {
    const result = environment({
      envFrom: [{ configMapRef: { name: 'no', optional: true } }],
      env: [
        { name: 'X', valueFrom: { secretKeyRef: { name: 'no', key: 'Z', optional: true } } },
        { name: 'Y', valueFrom: { configMapKeyRef: { name: 'settings', key: 'Z', optional: true } } },
      ],
    });
    assert.deepEqual(result, {});
  });

  it('rounds resources up, and takes the node for a limit that is not set', () => {
    const resources = { limits: { cpu: '1500m', memory: '100Mi' }, requests: { cpu: '250m' } };
    assert.equal(environment({ resources, env: [resource('limits.cpu')] })['X'], '2');
    assert.equal(environment({ resources, env: [resource('limits.cpu', '1m')] })['X'], '1500');
    assert.equal(environment({ resources, env: [resource('requests.cpu', '1m')] })['X'], '250');
    assert.equal(environment({ resources, env: [resource('limits.memory', '1Mi')] })['X'], '100');
    assert.equal(environment({ env: [resource('limits.memory', '1Gi')] })['X'], '8');
    assert.equal(environment({ env: [resource('requests.memory')] })['X'], '0');
  });

  it('tells where Services and the API server are', () => {
    const service = (name: string, clusterIP: string): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { clusterIP, ports: [{ name: 'http', port: 80 }] },
    });
    const own = service('kubernetes', '10.96.0.99');
    const kubernetes = { ...own, metadata: { name: 'kubernetes', namespace: 'default' } };
    const services = [service('my-web', '10.96.0.7'), service('headless', 'None'), kubernetes];
    const result = environment({}, { services, apiServer: { host: '10.96.0.1', port: 443 } });
    assert.equal(result['MY_WEB_SERVICE_HOST'], '10.96.0.7');
    assert.equal(result['MY_WEB_SERVICE_PORT_HTTP'], '80');
    assert.equal(result['MY_WEB_PORT_80_TCP'], 'tcp://10.96.0.7:80');
    assert.equal(result['KUBERNETES_SERVICE_PORT_HTTPS'], '443');
    assert.equal(result['KUBERNETES_SERVICE_HOST'], '10.96.0.1');
    assert.equal(result['KUBERNETES_PORT_443_TCP'], 'tcp://10.96.0.1:443');
    assert.equal(
      Object.keys(result).some((name) => name.startsWith('HEADLESS')),
      false,
    );
    const without = environment({}, { services, pod: podOf({ enableServiceLinks: false }) });
    assert.deepEqual(without, {});
  });

  it('tells a pod without a network of its own where to listen', () => {
    assert.deepEqual(environment({}, { tellAddress: true }), { HOST: '10.0.0.1', POD_IP: '10.0.0.1' });
    const env = [{ name: 'HOST', value: 'own' }];
    assert.equal(environment({ env }, { tellAddress: true })['HOST'], 'own');
  });
});

describe('expandReferences', () => {
  const expand = (text: string) => expandReferences(text, (name) => ({ A: 'a', '': 'empty' })[name]);

  it('follows the syntax of Kubernetes', () => {
    assert.equal(expand('$(A)'), 'a');
    assert.equal(expand('$$(A)'), '$(A)');
    assert.equal(expand('$$$(A)'), '$a');
    assert.equal(expand('$(B)'), '$(B)');
    assert.equal(expand('$(A'), '$(A');
    assert.equal(expand('$A ${A} 5$'), '$A ${A} 5$');
  });

  it('leaves text without dollars alone', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('$') || expand(text) === text));
  });
});
