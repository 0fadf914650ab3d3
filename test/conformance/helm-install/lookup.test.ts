import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { HttpClient } from '../../../src/cluster/client/http-client.js';
import { createHttpClient } from '../../../src/cluster/client/http-client.js';
import { loadKubeconfig } from '../../../src/cluster/client/kubeconfig.js';
import { ConfigMap, Secret } from '../../../src/objects/kinds/core-v1.js';
import { createRenderPool } from '../../../src/render/pool/render-pool.js';
import { RenderError } from '../../../src/render/render.js';
import { lookupInCluster } from '../../../src/sync/applications/cluster-lookup.js';
import type { LookupQuestion } from '../../../src/sync/applications/cluster-lookup.js';
import { servedScopes } from '../../../src/sync/compare/served-kinds.js';
import { sourceOptions } from '../../render/source-options.js';
import { HelmUnderTest } from './helm-under-test.js';

const EVERYTHING = {
  destinations: [{ server: '*', namespace: '*' }],
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
};

/** Expressions whose values must be the same; those that change with every write are left out. */
const SAME = [
  '(lookup "v1" "Secret" "far" "token").data.key',
  'lookup "v1" "Secret" "far" "none" | toJson',
  'lookup "v1" "Secret" "none" "none" | toJson',
  'lookup "v1" "Secret" "" "token" | toJson',
  'lookup "v1" "Namespace" "" "far" | dig "metadata" "name" ""',
  'lookup "v1" "Namespace" "ignored" "far" | dig "metadata" "name" ""',
  'lookup "v1" "Nothing" "" "none" | toJson',
  'lookup "v1" "Nothing" "far" "none" | toJson',
  '(lookup "v1" "ConfigMap" "far" "").kind',
  '(lookup "v1" "ConfigMap" "far" "").apiVersion',
  'kindOf (lookup "v1" "ConfigMap" "far" "").metadata.resourceVersion',
  'range (lookup "v1" "ConfigMap" "far" "").items }}{{ .kind }}/{{ .apiVersion }}/{{ .metadata.name }} {{ end',
  'len (lookup "v1" "ConfigMap" "empty" "").items',
  'kindOf (lookup "v1" "ConfigMap" "empty" "").items',
  'kindOf (lookup "apps/v1" "Deployment" "far" "web").spec.replicas',
  '(lookup "apps/v1" "Deployment" "far" "web").spec.replicas | add 1',
  '(lookup "apps/v1" "Deployment" "far" "web").spec | toYaml',
  '(lookup "v1" "ConfigMap" "far" "odd").data | toJson',
  'typeOf (lookup "v1" "ConfigMap" "far" "odd")',
  'len (lookup "v1" "Secret" "" "").items | lt 0',
];

const REFUSED = ['lookup "nothing.example/v1" "Nothing" "" "none"', 'lookup "apps/v9" "Deployment" "far" "web"'];

describe('lookup, beside helm template --dry-run=server', function () {
  this.timeout(120_000);
  let helm: HelmUnderTest;
  let client: HttpClient;
  let folder: string;
  const pool = createRenderPool({ maxThreads: 1 });

  before(async () => {
    helm = await HelmUnderTest.start();
    client = createHttpClient(await loadKubeconfig(helm.kubectl.kubeconfig));
    folder = join(helm.kubectl.folder, 'chart');
    mkdirSync(join(folder, 'templates'), { recursive: true });
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
    for (const name of ['far', 'empty']) await helm.kubectl.ok(`create namespace ${name}`);
    await client.create({ ...Secret, metadata: { name: 'token', namespace: 'far' }, data: { key: 'eA==' } });
    await client.create({
      ...ConfigMap,
      metadata: { name: 'odd', namespace: 'far' },
      data: { number: '1', text: '<é>' },
    });
    await helm.kubectl.ok('create deployment web --image=none.example/web:v1 --replicas=0 -n far');
    await helm.kubectl.ok('delete configmap kube-root-ca.crt -n empty --ignore-not-found');
  });

  after(async () => {
    await pool.close();
    client?.close();
    await helm?.stop();
  });

  const render = async () => {
    const resources = await client.resources();
    const apiVersions = [...new Set(resources.map(({ apiVersion }) => apiVersion))];
    const live = { scopeOf: servedScopes(resources), apiVersions, refreshKinds: () => Promise.resolve() };
    const rights = { project: EVERYTHING, projectName: 'p', destination: { name: 'in-cluster', namespace: 'far' } };
    const answer = async (question: unknown) =>
      await lookupInCluster(question as LookupQuestion, rights, { client, live });
    const options = sourceOptions({ applicationName: 'r', namespace: 'far', apiVersions });
    return await pool.render({ kind: 'folder', path: folder }, options, new AbortController().signal, { answer });
  };
  const write = (expressions: readonly string[]): void => {
    const values = expressions.map((_, at) => `  v${at}: {{ (print (include "v${at}" .)) | quote }}\n`).join('');
    const defined = expressions.map((one, at) => `{{ define "v${at}" }}{{ ${one} }}{{ end }}\n`).join('');
    const text = `${defined}apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values\ndata:\n${values}`;
    writeFileSync(join(folder, 'templates/values.yaml'), text);
  };
  const dataOf = (object: unknown): unknown => (object as { readonly data?: unknown } | undefined)?.data;

  it('finds the same', async () => {
    write(SAME);
    const out = await helm.ok(`template r ${folder} -n far --dry-run=server`);
    const theirs = parseAllDocuments(out).map((document) => dataOf(document.toJS()))[0];
    const { manifests } = await render();
    assert.deepEqual(dataOf(manifests[0]?.object), theirs);
    assert.equal(Object.keys(theirs as object).length, SAME.length);
  });

  for (const expression of REFUSED) {
    it(`refuses ${expression} in the same words`, async () => {
      write([expression]);
      const theirs = (await helm.fails(`template r ${folder} -n far --dry-run=server`)).split('\n');
      const says =
        theirs.find((line) => line.includes('error calling lookup'))?.replace(/^Error: /, '') ?? theirs.join('\n');
      await assert.rejects(render(), (error) => {
        assert.ok(error instanceof RenderError);
        assert.ok(error.message.includes(says), `${error.message}\n--- helm:\n${says}`);
        return true;
      });
    });
  }
});
