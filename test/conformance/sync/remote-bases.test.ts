import assert from 'node:assert/strict';
import { ConfigMap, Secret } from '../../../src/objects/kinds/core-v1.js';
import type { Application } from '../../../src/sync/applications/application.js';
import { AppProject } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const config = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {value: ${value}}\n`;

describe('the operator, with kustomizations that build on other repositories', () => {
  let server: GitServer;
  let other: GitServer;
  let repository: TestRepository;
  let bases: TestRepository;
  let rig: OperatorRig;

  const isValue = async (text: string): Promise<void> => {
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === text, text);
  };
  const failure = async (says: RegExp): Promise<void> => {
    const isFailed = ({ status }: Application): boolean =>
      status?.conditions?.some(({ reason, message }) => reason === 'RenderFailed' && says.test(message)) === true;
    await rig.untilApplication('shop', isFailed, says.source);
  };
  const overlay = async (...resources: readonly string[]): Promise<void> => {
    await repository.commit({ 'app/kustomization.yaml': `resources: ${JSON.stringify(resources)}\n` });
    await rig.operator.poke(repository.url);
  };
  const base = async (value: string, tag?: string): Promise<void> => {
    await bases.commit(
      { 'base/kustomization.yaml': 'resources: [a.yaml]\n', 'base/a.yaml': config(value) },
      tag === undefined ? {} : { tag },
    );
    await rig.operator.poke(bases.url);
  };
  const deploy = async (project = 'default'): Promise<void> => {
    await rig.application('shop', {
      project,
      source: { repoURL: repository.url, path: 'app', targetRevision: 'main' },
    });
  };

  beforeEach(async () => {
    server = await startGitServer();
    other = await startGitServer();
    repository = await server.createRepository('shop');
    bases = await other.createRepository('bases');
    rig = await startOperatorRig({ limits: { idleTimeoutMs: 2000 } });
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
    await other.close();
  });

  it('follow a branch, stay at a tag, and keep what they have while the base is out of reach', async () => {
    await base('one', 'v1');
    await overlay(`${bases.url}//base?ref=main`);
    await deploy();
    await isValue('one');
    await base('two');
    await isValue('two');
    await rig.restart();
    await rig.untilApplication('shop', isSettled);
    await base('three');
    await isValue('three');
    other.behave({ status: 500 });
    await repository.commit({ 'README.md': 'more' });
    await repository.commit({
      'app/kustomization.yaml': `namePrefix: ""\nresources: ["${bases.url}//base?ref=main"]\n`,
    });
    await rig.operator.poke(repository.url);
    await rig.untilApplication('shop', isSettled);
    other.behave({});
    await overlay(`${bases.url}//base?ref=v1`);
    await isValue('one');
    await base('four');
    await rig.untilApplication('shop', isSettled);
    await isValue('one');
  });

  it('use the credentials of a repository where the project permits it, and nowhere else', async () => {
    const credentials = { username: 'me', password: 'secret' };
    await base('private');
    other.behave({ credentials });
    const data = Object.fromEntries(
      Object.entries({ url: other.url, ...credentials }).map(([name, text]) => [
        name,
        Buffer.from(text).toString('base64'),
      ]),
    );
    const labels = { 'argocd.argoproj.io/secret-type': 'repo-creds' };
    await rig.client.create({ ...Secret, metadata: { name: 'bases', namespace: 'argocd', labels }, data });
    await overlay(`${bases.url}//base`);
    await rig.client.create<AppProject>({
      ...AppProject,
      metadata: { name: 'small', namespace: 'argocd' },
      spec: { sourceRepos: [repository.url], destinations: [{ server: '*', namespace: 'default' }] },
    });
    await deploy('small');
    await failure(/app\/kustomization\.yaml: accumulating resources from 'http.*\/\/base'.*asks for credentials/);
    const body = { spec: { sourceRepos: [repository.url, `${other.url}/*`] } };
    await rig.client.patch(AppProject, { namespace: 'argocd', name: 'small' }, { type: 'merge', body });
    await isValue('private');
    assert.deepEqual(
      server.requests.filter(({ authorization }) => authorization !== undefined),
      [],
    );
  });

  it('read nothing of this machine, and nothing that would have to be executed', async () => {
    await base('one');
    await overlay(`file://${bases.path}//base`);
    await deploy();
    await failure(/a folder of this machine, which a remote base may not be/);
    await overlay('git@git.example:org/repo//base');
    await failure(/only http:\/\/, https:\/\/, file:\/\/ and absolute paths are supported/);
    await overlay(`${bases.url}//base?ref=none`);
    await failure(/Cannot find revision "none"/);
    await overlay(`${bases.url}//base`);
    await isValue('one');
  });

  it('end the wait for one that hangs, and recover', async () => {
    await base('one');
    other.behave({ silent: true });
    await overlay(`${bases.url}//base?timeout=4`);
    await deploy();
    await failure(/app\/kustomization\.yaml: .*no answer within \d s/);
    other.behave({});
    const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
    await rig.client.patch(kind, { namespace: 'argocd', name: 'shop' }, { type: 'merge', body });
    await isValue('one');
  }).timeout(40_000);

  it('render helmCharts when argocd-cm says so', async () => {
    await repository.commit({
      'app/kustomization.yaml': 'helmCharts:\n- name: web\n  releaseName: r\n  valuesInline: {value: chart}\n',
      'app/charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'app/charts/web/values.yaml': 'value: none\n',
      'app/charts/web/templates/a.yaml': config('{{ .Values.value }}'),
    });
    await deploy();
    await failure(/--enable-helm/);
    const data = { 'kustomize.buildOptions': '--enable-helm --load-restrictor LoadRestrictionsNone' };
    await rig.client.create({ ...ConfigMap, metadata: { namespace: 'argocd', name: 'argocd-cm' }, data });
    await isValue('chart');
  });
});
