import assert from 'node:assert/strict';
import { kustomizeBuildOf } from '../../../src/sync/applications/argocd-settings.js';

const build = (text: string) =>
  kustomizeBuildOf({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm' },
    data: { 'kustomize.buildOptions': text },
  });

describe('kustomizeBuildOf', () => {
  it('reads the flags that change what is built', () => {
    assert.deepEqual(build('--enable-helm --load-restrictor LoadRestrictionsNone'), {
      enableHelm: true,
      loadRestrictor: 'none',
    });
    assert.deepEqual(build('--load-restrictor=LoadRestrictionsRootOnly --reorder=none'), { reorder: 'none' });
  });

  it('leaves out what would execute something', () => {
    assert.equal(build('--enable-alpha-plugins --enable-exec --network'), undefined);
    assert.equal(kustomizeBuildOf(undefined), undefined);
  });
});
