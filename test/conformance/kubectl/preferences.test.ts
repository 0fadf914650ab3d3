import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { KubectlUnderTest } from './kubectl-under-test.js';
import { pod } from './manifests.js';

const PREFERENCES = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
aliases:
- {name: crns, command: create namespace, appendArgs: [kuberc-ns]}
- {name: getn, command: get, prependArgs: [namespace], options: [{name: output, default: wide}]}
- {name: crole, command: create role, options: [{name: verb, default: 'get,watch'}]}
- name: runx
  command: run
  options:
  - {name: image, default: nginx}
  - {name: labels, default: 'app=test,env=test'}
  - {name: env, default: DNS_DOMAIN=test}
  - {name: namespace, default: kuberc-ns}
  appendArgs: [test-pod, --, custom-arg1, custom-arg2]
- {name: setx, command: set image, appendArgs: [pod/test-pod, test-pod=busybox]}
defaults:
- command: apply
  options:
  - {name: server-side, default: "true"}
  - {name: dry-run, default: server}
  - {name: validate, default: strict}
- {command: delete, options: [{name: interactive, default: "true"}]}
- command: get
  options:
  - {name: namespace, default: kuberc-ns}
  - {name: output, default: json}
`;

describe('kubectl and its own settings', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;
  let kuberc: string;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    kuberc = `--kuberc=${kubectl.file('kuberc', PREFERENCES)}`;
  });

  after(() => kubectl.stop());

  describe('kuberc', () => {
    it('aliases put arguments and options in', async () => {
      assert.equal(await kubectl.ok(`crns ${kuberc}`), 'namespace/kuberc-ns created');
      assert.match(await kubectl.ok(`getn ${kuberc} kuberc-ns`), /^NAME +STATUS +AGE\nkuberc-ns +Active /);
      assert.match(await kubectl.ok(`getn kuberc-ns --output=json ${kuberc}`), /"kind": "Namespace"/);
      await kubectl.ok(`crole kuberole --verb=list --namespace kuberc-ns --resource=pods ${kuberc}`);
      await kubectl.is('role kuberole -n kuberc-ns', '{{(index .rules 0).verbs}}', '[list]');
    });

    it('defaults hold where nothing is said', async () => {
      await kubectl.ok(`runx ${kuberc}`);
      const text = await kubectl.ok(`get pod/test-pod ${kuberc}`);
      for (const part of ['"image": "nginx"', '"app": "test"', '"env": "test"', '"DNS_DOMAIN"', '"custom-arg1"']) {
        assert.ok(text.includes(part), part);
      }
      assert.match(await kubectl.fails(`get pod/test-pod -n kube-system ${kuberc}`), /pods "test-pod" not found/);
      await kubectl.ok(`setx -n kuberc-ns ${kuberc}`);
      assert.match(await kubectl.ok(`get pod/test-pod -n kuberc-ns ${kuberc}`), /"image": "busybox"/);
      const applied = await kubectl.ok(`apply -n kuberc-ns -f - ${kuberc}`, { input: pod('other') });
      assert.equal(applied, 'pod/other serverside-applied (server dry run)');
      const asked = await kubectl.ok(`delete pod/test-pod -n kuberc-ns ${kuberc}`, { input: 'n\n' });
      assert.match(asked, /pod\/test-pod/);
      await kubectl.is('pod/test-pod -n kuberc-ns', '{{.metadata.name}}', 'test-pod');
    });

    it('can be turned off', async () => {
      const unknown = /error: unknown command "getn" for "kubectl"/;
      assert.match(await kubectl.fails(`getn ${kuberc}`, { env: { KUBECTL_KUBERC: 'false' } }), unknown);
      await kubectl.ok(`getn ${kuberc}`, { env: { KUBECTL_KUBERC: 'true' } });
      const both = await kubectl.fails(`getn ${kuberc}`, { env: { KUBERC: 'off' } });
      assert.match(both, /KUBERC=off and passing kuberc flag are mutually exclusive/);
      assert.match(await kubectl.fails('getn', { env: { KUBERC: 'off' } }), unknown);
    });

    it('is written by kubectl itself', async () => {
      const path = kubectl.file('own-kuberc', PREFERENCES);
      await kubectl.ok(
        `alpha kuberc set --section=defaults --command=get --option=chunk-size=10 --kuberc=${path} --overwrite`,
      );
      assert.match(await kubectl.ok(`alpha kuberc view --kuberc=${path}`), /chunk-size/);
      assert.match(readFileSync(path, 'utf8'), /chunk-size/);
    });
  });

  describe('kubeconfig', () => {
    const view = (path: string): Promise<string> => kubectl.ok(['config', 'view', '--raw', '-o', `jsonpath=${path}`]);

    it('what is not there', async () => {
      for (const flag of ['--context=', '--user=', '--cluster=']) {
        assert.match(await kubectl.fails(`get pod ${flag} --kubeconfig=missing`), /missing: no such file or directory/);
      }
      const cases = {
        '--context=missing-context': 'context was not found for specified context: missing-context',
        '--cluster=missing-cluster': 'no server found for cluster "missing-cluster"',
        '--user=missing-user': 'auth info "missing-user" does not exist',
      };
      for (const [flag, said] of Object.entries(cases))
        assert.ok((await kubectl.fails(`get pod ${flag}`)).includes(said));
      const wrong = kubectl.file(
        'wrong.yaml',
        (await kubectl.ok('config view')).replace(/^apiVersion: .*/m, 'apiVersion: v-1'),
      );
      assert.match(await kubectl.fails(`get pods --kubeconfig=${wrong}`), /error loading config file/);
    });

    it('set, by paths and by flags', async () => {
      await kubectl.ok('config set-cluster test-cluster --server=https://does-not-work');
      const [text, path] = ['# a comment\nand text\n', 'clusters.test-cluster.certificate-authority-data'];
      const written = '{.clusters[?(@.name == "test-cluster")].cluster.certificate-authority-data}';
      await kubectl.ok(['config', 'set', path, text, '--set-raw-bytes']);
      const raw = await view(written);
      assert.equal(raw, Buffer.from(text).toString('base64'));
      await kubectl.ok(['config', 'set', path, raw]);
      assert.equal(await view(written), raw);
      const certificate = kubectl.file('ca.crt', text);
      await kubectl.ok(`config set-cluster embedded --embed-certs --certificate-authority ${certificate}`);
      assert.equal(await view('{.clusters[?(@.name == "embedded")].cluster.certificate-authority-data}'), raw);
      await kubectl.ok('config delete-cluster embedded');
      await kubectl.ok('config set-context aside --cluster=test-cluster --namespace=x');
      await kubectl.ok('config rename-context aside along');
      assert.match(await kubectl.ok('config get-contexts along'), /along +test-cluster +x/);
      await kubectl.ok('config delete-context along');
      await kubectl.ok('config unset clusters.test-cluster');
      assert.doesNotMatch(await kubectl.ok('config get-clusters'), /test-cluster/);
    });

    it('impersonates whom it names', async () => {
      const config = JSON.parse(await kubectl.ok('config view --raw -o json')) as {
        users: { user: { token: string } }[];
      };
      const { token } = config.users[0]?.user ?? { token: '' };
      const as = {
        as: 'userb',
        'as-uid': 'abc123',
        'as-groups': ['group2', 'group1'],
        'as-user-extra': { foo: ['bar', 'baz'] },
      };
      const users = [
        ...config.users,
        { name: 'as-userb', user: { token, ...as } },
        { name: 'only-uid', user: { token, 'as-uid': 'abc123' } },
      ];
      const path = kubectl.file('impersonating.json', JSON.stringify({ ...config, users }));
      const review = JSON.parse(await kubectl.ok(`auth whoami -o json --kubeconfig=${path} --user=as-userb`)) as {
        status: { userInfo: object };
      };
      assert.deepEqual(review.status.userInfo, {
        username: 'userb',
        uid: 'abc123',
        groups: ['group2', 'group1', 'system:authenticated'],
        extra: { foo: ['bar', 'baz'] },
      });
      assert.match(
        await kubectl.fails(`get pods --kubeconfig=${path} --user=only-uid`),
        /without impersonating a user/,
      );
    });
  });

  it('says what it is asked for wrongly, and how to go on', async () => {
    assert.equal(
      await kubectl.fails('list'),
      'error: unknown command "list" for "kubectl"\n\nDid you mean this?\n\tget\n\twait',
    );
    assert.match(await kubectl.ok('options'), /--request-timeout/);
    assert.match(await kubectl.ok('completion bash'), /__start_kubectl/);
    assert.match(await kubectl.fails('plugin list'), /unable to find any kubectl plugins/);
    assert.match(await kubectl.ok('kustomize --help'), /kustomization/);
  });
});
