import assert from 'node:assert/strict';
import { ConfigMap, Secret } from '../../../src/objects/kinds/core-v1.js';
import type { Application } from '../../../src/sync/applications/application.js';
import { AppProject } from '../../../src/sync/applications/application.js';
import type { AppProjectSpec } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const PASSWORD = `apiVersion: v1
kind: Secret
metadata: {name: token}
data:
  {{- $old := lookup "v1" "Secret" .Release.Namespace "token" }}
  token: {{ if $old }}{{ $old.data.token }}{{ else }}{{ randAlphaNum 20 | b64enc }}{{ end }}
`;
const shown = (expression: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shown}\ndata: {value: {{ ${expression} | quote }}}\n`;

describe('the operator, with charts that look the cluster up', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;

  const isShown = async (text: string): Promise<void> => {
    const key = { namespace: 'default', name: 'shown' };
    await rig.until(ConfigMap, key, (live) => live?.data?.['value'] === text, text);
  };
  const failure = async (says: RegExp): Promise<void> => {
    const isFailed = ({ status }: Application): boolean =>
      status?.conditions?.some(({ reason, message }) => reason === 'RenderFailed' && says.test(message)) === true;
    await rig.untilApplication('shop', isFailed, says.source);
  };
  const deploy = async (project = 'default'): Promise<void> => {
    await rig.application('shop', {
      project,
      source: { repoURL: repository.url, path: 'web', targetRevision: 'main' },
    });
  };
  const commit = async (template: string): Promise<void> => {
    await repository.commit({ 'web/Chart.yaml': CHART, 'web/templates/a.yaml': template });
    await rig.operator.poke(repository.url);
  };
  const project = async (name: string, spec: AppProjectSpec): Promise<void> => {
    const server = 'https://kubernetes.default.svc';
    await rig.client.create<AppProject>({
      ...AppProject,
      metadata: { name, namespace: 'argocd' },
      spec: { sourceRepos: ['*'], destinations: [{ server, namespace: 'default' }], ...spec },
    });
  };

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('charts');
    rig = await startOperatorRig();
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('keeps a generated password, over commits and restarts', async () => {
    await commit(PASSWORD);
    await deploy();
    await rig.untilApplication('shop', isSettled);
    const token = async () => (await rig.client.get(Secret, { namespace: 'default', name: 'token' }))?.data?.['token'];
    const first = await token();
    assert.match(first ?? '', /^[A-Za-z0-9+/=]{28}$/);
    await repository.commit({ 'web/values.yaml': 'more: {}\n' });
    await rig.operator.poke(repository.url);
    await commit(`${PASSWORD}---\n${shown('"second"')}`);
    await isShown('second');
    await rig.restart();
    await commit(`${PASSWORD}---\n${shown('"third"')}`);
    await isShown('third');
    assert.equal(await token(), first);
  });

  it('renders again when what was looked up changes', async () => {
    await commit(
      shown('((lookup "v1" "ConfigMap" "kube-public" "colour").data | default dict).value | default "none"'),
    );
    await deploy();
    await isShown('none');
    const metadata = { name: 'colour', namespace: 'kube-public' };
    await rig.client.create({ ...ConfigMap, metadata, data: { value: 'red' } });
    await isShown('red');
  });

  it('finds lists, cluster-scoped objects, and nothing for what is not there', async () => {
    await commit(
      shown(
        `list (lookup "v1" "Namespace" "" "argocd").metadata.name (lookup "v1" "Namespace" "" "none" | toJson)
           (lookup "v1" "ConfigMap" "none" "none" | toJson) (lookup "v1" "Nothing" "" "none" | toJson)
           (lookup "v1" "ConfigMap" "kube-system" "").kind
           (kindOf (index (lookup "apps/v1" "DaemonSet" "kube-system" "") "items")) | join " "`.replaceAll('\n', ' '),
      ),
    );
    await deploy();
    await isShown('argocd {} {} {} ConfigMapList slice');
    await commit(shown('lookup "nothing.example/v1" "Nothing" "" "none" | toJson'));
    await failure(
      /a\.yaml:4:\d+.*error calling lookup: unable to get apiresource from unstructured: nothing\.example\/v1, Kind=Nothing: the server could not find the requested resource/s,
    );
  });

  it('shows only what the project permits', async () => {
    await project('small', { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] });
    await commit(shown('lookup "v1" "Secret" "default" "token" | toJson'));
    await deploy('small');
    await failure(/a\.yaml:4:.*Secret "token" in namespace "default": project "small" does not permit/s);
    await commit(shown('lookup "v1" "ConfigMap" "kube-system" "c" | toJson'));
    await failure(/ConfigMap "c" in namespace "kube-system", which is not a permitted destination: project "small"/);
    await commit(shown('lookup "v1" "ConfigMap" "" "" | toJson'));
    await failure(/ConfigMap objects of all namespaces: project "small"/);
    await commit(shown('lookup "v1" "Namespace" "" "" | toJson'));
    await failure(/Namespace objects: project "small"/);
    await commit(shown('(lookup "v1" "ConfigMap" "default" "").kind'));
    await isShown('ConfigMapList');
  });
});
