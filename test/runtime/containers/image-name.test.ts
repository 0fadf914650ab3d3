import assert from 'node:assert/strict';
import { checkImageName, registryOf, withTag } from '../../../src/runtime/containers/image-name.js';

describe('checkImageName', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const name of [
    'nginx',
    'nginx:1.27-alpine',
    'library/nginx',
    'ghcr.io/org/app_name/part.of:v1',
    'localhost:5000/a__b',
    `registry.example:443/app@${digest}`,
    `app:v1@${digest}`,
    digest,
  ]) {
    it(`accepts ${name.slice(0, 40)}`, () => checkImageName(name));
  }
  for (const name of [
    '',
    'UPPER',
    'a b',
    'a//b',
    '-a',
    'a:',
    'a@sha256:short',
    'a\n',
    'a'.repeat(600),
    '--privileged',
  ]) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))}`, () => {
      assert.throws(() => checkImageName(name), { code: 'image-name-invalid' });
    });
  }
  it('decides quickly about names made to be slow', () => {
    assert.throws(() => checkImageName(`${'a-'.repeat(250)}!`), { code: 'image-name-invalid' });
  });
});

describe('withTag', () => {
  it('adds the tag that engines assume, and only where there is none', () => {
    assert.equal(withTag('nginx'), 'nginx:latest');
    assert.equal(withTag('localhost:5000/nginx'), 'localhost:5000/nginx:latest');
    assert.equal(withTag('nginx:1'), 'nginx:1');
    assert.equal(withTag('nginx@sha256:abc'), 'nginx@sha256:abc');
  });
});

describe('registryOf', () => {
  it('tells the registry from the first part', () => {
    assert.equal(registryOf('nginx'), 'docker.io');
    assert.equal(registryOf('org/app'), 'docker.io');
    assert.equal(registryOf('ghcr.io/org/app'), 'ghcr.io');
    assert.equal(registryOf('localhost/app'), 'localhost');
    assert.equal(registryOf('host:5000/app'), 'host:5000');
  });
});
