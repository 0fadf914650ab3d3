import assert from 'node:assert/strict';
import type { IngressClass } from '../../../src/objects/kinds/networking-k8s-io-v1.js';
import { buildRoutes, INGRESS_CONTROLLER, matchRoute } from '../../../src/runtime/network/ingress/routes.js';
import { ingress, path } from './objects.js';

const ingressClass = (name: string, controller: string, isDefault = false): IngressClass => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, ...(isDefault ? { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } : {}) },
  spec: { controller },
});

describe('matchRoute', () => {
  const table = buildRoutes(
    [
      ingress('a', [
        {
          host: 'shop.example',
          paths: [path('/', 'Prefix', 'root'), path('/api', 'Prefix', 'api'), path('/api', 'Exact', 'exact')],
        },
        { host: '*.example', paths: [path('/', 'ImplementationSpecific', 'wild')] },
        { paths: [path('/only/', 'Prefix', 'any')] },
      ]),
    ],
    [],
  );
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['shop.example', '/', 'root'],
    ['SHOP.example', '/x', 'root'],
    ['shop.example', '/api', 'exact'],
    ['shop.example', '/api/', 'api'],
    ['shop.example', '/api/v1', 'api'],
    ['shop.example', '/apis', 'root'],
    ['other.example', '/x', 'wild'],
    ['a.b.example', '/x', undefined],
    ['example', '/x', undefined],
    ['elsewhere', '/only', 'any'],
    ['elsewhere', '/only/deep', 'any'],
    ['elsewhere', '/only2', undefined],
    ['127.0.0.1', '/', undefined],
  ];
  for (const [host, requested, expected] of cases) {
    it(`sends ${host}${requested} to ${expected ?? 'nobody'}`, () => {
      assert.equal(matchRoute(table, host, requested)?.service, expected);
    });
  }

  it('sends what no rule matches to the default backend', () => {
    const spec = { defaultBackend: { service: { name: 'fallback', port: { name: 'http' } } } };
    const withDefault = buildRoutes([ingress('b', [], spec)], []);
    assert.deepEqual(matchRoute(withDefault, 'x', '/'), {
      namespace: 'shop',
      service: 'fallback',
      port: { name: 'http' },
    });
  });

  it('gives a host and path that two Ingresses claim to the older one', () => {
    const newer = ingress('a', [{ host: 'h', paths: [path('/', 'Prefix', 'newer')] }]);
    const older = ingress('z', [{ host: 'h', paths: [path('/', 'Prefix', 'older')] }]);
    const aged = { ...newer, metadata: { ...newer.metadata, creationTimestamp: '2031-01-01T00:00:00Z' } };
    assert.equal(matchRoute(buildRoutes([aged, older], []), 'h', '/')?.service, 'older');
  });

  it('leaves the Ingresses of other controllers alone', () => {
    const named = (name?: string) =>
      ingress('a', [{ paths: [path('/', 'Prefix', 's')] }], name === undefined ? {} : { ingressClassName: name });
    const served = (name: string | undefined, ...classes: IngressClass[]) =>
      matchRoute(buildRoutes([named(name)], classes), 'h', '/') !== undefined;
    assert.equal(served(undefined), true);
    assert.equal(served('nginx'), true);
    assert.equal(served('nginx', ingressClass('nginx', 'k8s.io/ingress-nginx')), false);
    assert.equal(served('ours', ingressClass('ours', INGRESS_CONTROLLER)), true);
    assert.equal(served(undefined, ingressClass('nginx', 'k8s.io/ingress-nginx', true)), false);
  });
});
