import assert from 'node:assert/strict';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import type { HelmSourceOptions } from '../../../src/render/render.js';
import { Application } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'chart/values.yaml': 'one: chart\ntwo: chart\nthree: chart\nfile: ""\n',
  'chart/last.yaml': 'three: last\n',
  'chart/templates/a.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  value: "{{ .Values.one }} {{ .Values.two }} {{ .Values.three }} {{ .Values.file }}"\n',
};

describe('the operator, with values files of another source', () => {
  let server: GitServer;
  let charts: TestRepository;
  let values: TestRepository;
  let rig: OperatorRig;
  const isValue = async (text: string): Promise<void> => {
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === text, text);
  };
  const application = async (helm: HelmSourceOptions): Promise<void> => {
    await rig.client.create<Application>({
      ...Application,
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: {
        project: 'default',
        sources: [
          { repoURL: charts.url, path: 'chart', targetRevision: 'main', helm },
          { repoURL: values.url, targetRevision: 'main', ref: 'values' },
        ],
        destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        syncPolicy: { automated: { prune: true } },
      },
    });
  };
  const failure = async (says: RegExp): Promise<void> => {
    const isFailed = ({ status }: Application): boolean =>
      status?.conditions?.some(({ type, message }) => type === 'ComparisonError' && says.test(message)) === true;
    await rig.untilApplication('shop', isFailed, says.source);
  };

  beforeEach(async () => {
    server = await startGitServer();
    charts = await server.createRepository('charts');
    values = await server.createRepository('values');
    rig = await startOperatorRig();
    await charts.commit(CHART);
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('reads them in the order of the list, and deploys again when a push changes one', async () => {
    const files = { 'env/prod.yaml': 'two: prod\nthree: prod\n', 'note.txt': 'text', 'other.txt': '1' };
    const first = await values.commit(files);
    const helm = {
      valueFiles: ['$values/env/prod.yaml', 'last.yaml'],
      fileParameters: [{ name: 'file', path: '$values/note.txt' }],
    };
    await application(helm);
    await isValue('chart prod last text');
    const settled = await rig.untilApplication('shop', isSettled);
    assert.equal(settled.status?.sync?.revisions?.at(-1), first);
    assert.deepEqual(settled.status.conditions, []);
    await values.commit({ 'env/prod.yaml': 'two: newer\nthree: newer\n' });
    await rig.operator.poke(values.url);
    await isValue('chart newer last text');
  });

  it('says what is wrong: an absent file, an unknown source, a way out of the repository', async () => {
    await values.commit({ 'a.yaml': 'one: 1\n' });
    await application({ valueFiles: ['$values/absent.yaml'] });
    await failure(/\$values\/absent\.yaml is not in its source/);
    const set = async (helm: HelmSourceOptions): Promise<void> => {
      const key = { namespace: 'argocd', name: 'shop' };
      const body = [{ op: 'replace', path: '/spec/sources/0/helm', value: helm }];
      await rig.client.patch(Application, key, { type: 'json', body });
    };
    await set({ valueFiles: ['$other/a.yaml'] });
    await failure(/\$other\/a\.yaml names no source/);
    await set({ valueFiles: ['$values/../../etc/passwd'] });
    await failure(/\$values\/\.\.\/\.\.\/etc\/passwd/);
    await set({ valueFiles: ['$values/absent.yaml', '$values/a.yaml'], ignoreMissingValueFiles: true });
    await isValue('1 chart chart ');
  });
});
