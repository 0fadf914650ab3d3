import assert from 'node:assert/strict';
import { KustomizeError } from '../../../src/render/kustomize/errors.js';
import { readResources } from '../../../src/render/kustomize/resources/read-resources.js';
import type { Selector } from '../../../src/render/kustomize/resources/selector.js';
import { compileSelector } from '../../../src/render/kustomize/resources/selector.js';

const TEXT = [
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: prod, labels: {app: web, ver: "5"}}}',
  '{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web-db, labels: {app: db}}}',
  '{apiVersion: v1, kind: Service, metadata: {name: a.b, annotations: {note: x}}}',
].join('\n---\n');

const selected = (selector: Selector): string[] =>
  readResources(TEXT)
    .filter(compileSelector(selector))
    .map(({ name }) => name);

describe('compileSelector', () => {
  it('matches whole texts, anchored or not', () => {
    for (const name of ['web', '^web$', '^web', 'web$', '(?i)WEB', 'w[e]b', 'web|x']) {
      assert.deepEqual(selected({ name }), ['web'], name);
    }
    for (const name of ['we', 'eb', '^', '$^', 'web-d', 'x|']) assert.deepEqual(selected({ name }), [], name);
    assert.deepEqual(selected({ name: 'web.*' }), ['web', 'web-db']);
    assert.deepEqual(selected({ name: 'a.b' }), ['a.b']);
    assert.deepEqual(selected({ kind: 'D.*' }), ['web', 'web-db']);
    assert.deepEqual(selected({ namespace: 'default' }), ['web-db', 'a.b']);
    assert.deepEqual(selected({ group: '' }), ['web', 'web-db', 'a.b']);
  });

  it('reads label and annotation selectors as kubectl does', () => {
    assert.deepEqual(selected({ labelSelector: 'app in (web, db),ver>4' }), ['web']);
    assert.deepEqual(selected({ labelSelector: '!app' }), ['a.b']);
    assert.deepEqual(selected({ labelSelector: 'app in ()' }), []);
    assert.deepEqual(selected({ labelSelector: 'app notin ()' }), ['web', 'web-db', 'a.b']);
    assert.deepEqual(selected({ annotationSelector: 'note=x' }), ['a.b']);
  });

  it('refuses a label selector when it comes to it, in the words of Kubernetes', () => {
    assert.deepEqual(selected({ kind: 'Nothing', labelSelector: 'a b' }), []);
    assert.throws(() => selected({ labelSelector: 'a b' }), /unable to parse requirement: found 'b', expected: /);
    assert.throws(() => selected({ name: '[' }), KustomizeError);
  });
});
