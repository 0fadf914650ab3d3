import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { parse, stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { KubectlUnderTest } from './kubectl-under-test.js';

const requestFor = async (name: string): Promise<{ readonly pem: string; readonly key: string }> => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { pem: request.toString('pem'), key };
};

const signingRequest = (name: string, pem: string): string =>
  JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  });

const REVIEW = JSON.stringify({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  spec: { user: 'bob', groups: ['system:authenticated'], resourceAttributes: { verb: 'get', resource: 'pods' } },
});

const ROLES = `
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: testing-cr, labels: {test-cmd: auth}}
  rules: [{apiGroups: [''], resources: [pods], verbs: [create, delete]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: testing-crb, labels: {test-cmd: auth}}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: testing-cr}
  subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:masters'}]
`;

describe('kubectl and rights', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('rights');
  });

  after(() => kubectl.stop());

  describe('roles', () => {
    const rules = (what: string): string => `{{range .rules}}{{range .${what}}}{{.}}:{{end}}{{end}}`;

    it('there are those that a cluster begins with', async () => {
      await kubectl.is('clusterroles/cluster-admin', '{{.metadata.name}}', 'cluster-admin');
      await kubectl.is('clusterrolebindings/cluster-admin', '{{.metadata.name}}', 'cluster-admin');
    });

    it('create makes rules of verbs, groups, subresources, names and paths', async () => {
      for (const [command, verbs, resources, groups] of [
        ['role a --verb=* --resource=pods', '*:', 'pods:', ':'],
        ['role b --verb=get,list --resource=deployments.apps', 'get:list:', 'deployments:', 'apps:'],
        ['role c --verb=get,list --resource=pods/status', 'get:list:', 'pods/status:', ':'],
        ['role d --verb=get --resource=replicasets.apps/scale', 'get:', 'replicasets/scale:', 'apps:'],
        ['role e --verb=get --resource=pods/status,deployments.apps', 'get:get:', 'pods/status:deployments:', ':apps:'],
        [
          'clusterrole f --verb=get,list --resource=pods,deployments.apps',
          'get:list:get:list:',
          'pods:deployments:',
          ':apps:',
        ],
      ] as const) {
        await kubectl.ok(`create ${command}`);
        const [kind, name] = command.split(' ');
        await kubectl.is(`${kind} ${name}`, rules('verbs'), verbs);
        await kubectl.is(`${kind} ${name}`, rules('resources'), resources);
        await kubectl.is(`${kind} ${name}`, rules('apiGroups'), groups);
      }
      await kubectl.ok('create role named --verb=get --resource=pods --resource-name=foo');
      await kubectl.is('role named', rules('resourceNames'), 'foo:');
      await kubectl.ok('create clusterrole paths --verb=get --non-resource-url=/logs/* --non-resource-url=/healthz/*');
      await kubectl.is('clusterrole paths', rules('nonResourceURLs'), '/logs/*:/healthz/*:');
      assert.match(
        await kubectl.fails('create role wrong --verb=* --resource=nothing'),
        /the server doesn't have a resource type "nothing"/,
      );
      assert.match(
        await kubectl.fails('create role wrong --verb=get --resource=deployments.nothing'),
        /the server doesn't have a resource type "deployments" in group "nothing"/,
      );
    });

    it('aggregated roles get the rules of those that they name', async () => {
      await kubectl.ok('create clusterrole sum --aggregation-rule=part-of=sum');
      await kubectl.ok('create clusterrole part --verb=get --resource=pods');
      await kubectl.ok('label clusterrole part part-of=sum');
      await kubectl.becomes('clusterrole sum', rules('resources'), 'pods:');
    });

    it('deleting what has no namespace warns of the one that was given', async () => {
      const { out, err } = await kubectl.run('delete clusterrole f -n test');
      assert.match(err, /^Warning: deleting cluster-scoped resources, not scoped to the provided namespace$/m);
      assert.equal(out, 'clusterrole.rbac.authorization.k8s.io "f" deleted');
    });

    it('bindings get subjects, one and all', async () => {
      const names = '{{range .subjects}}{{.name}}:{{end}}';
      for (const [kind, role, namespaces] of [
        ['clusterrolebinding', '--clusterrole=view', ''],
        ['rolebinding', '--role=a', ''],
      ]) {
        await kubectl.ok(`create ${kind} by-user ${role} --user=one --user=two`);
        await kubectl.ok(`set subject ${kind} by-user --user=three`);
        await kubectl.is(`${kind} by-user`, names, 'one:two:three:');
        await kubectl.ok(`create ${kind} by-group ${role} --group=one`);
        await kubectl.ok(`set subject ${kind} by-group --group=two`);
        await kubectl.is(`${kind} by-group`, names, 'one:two:');
        await kubectl.ok(`create ${kind} by-account ${role} --serviceaccount=other:one`);
        await kubectl.ok(`set subject ${kind} by-account --serviceaccount=another:two`);
        await kubectl.is(
          `${kind} by-account`,
          `${names}{{range .subjects}}{{.namespace}}:{{end}}${namespaces}`,
          'one:two:other:another:',
        );
        await kubectl.ok(`set subject ${kind} --all --user=all`);
        await kubectl.is(`${kind} by-account`, names, 'one:two:all:');
      }
      await kubectl.is('rolebinding by-user', '{{.roleRef.kind}}', 'Role');
    });

    it('auth reconcile makes them, leaves what is more, removes it when asked', async () => {
      const file = kubectl.file('roles.yaml', ROLES);
      assert.match(
        await kubectl.ok(`auth reconcile -f ${file}`),
        /clusterrole.* reconciled\nclusterrolebinding.* reconciled/,
      );
      await kubectl.is('clusterrole testing-cr', rules('verbs'), 'create:delete:');
      await kubectl.ok([
        'patch',
        'clusterrole',
        'testing-cr',
        '--type=json',
        '-p',
        '[{"op":"add","path":"/rules/0/verbs/-","value":"get"}]',
      ]);
      await kubectl.ok(`auth reconcile -f ${file}`);
      await kubectl.is('clusterrole testing-cr', rules('verbs'), /get/);
      assert.match(
        await kubectl.ok(`auth reconcile --remove-extra-permissions -f ${file} --dry-run=client`),
        /dry run/,
      );
      await kubectl.ok(`auth reconcile --remove-extra-permissions --remove-extra-subjects -f ${file}`);
      await kubectl.is('clusterrole testing-cr', rules('verbs'), 'create:delete:');
    });
  });

  describe('certificates', () => {
    for (const [verb, done] of [
      ['approve', 'Approved'],
      ['deny', 'Denied'],
    ]) {
      it(`${verb} by name and by file`, async () => {
        const { pem } = await requestFor('someone');
        const file = kubectl.file('request.json', signingRequest('foo', pem));
        for (const which of ['foo', `-f ${file}`]) {
          assert.match(
            await kubectl.ok(`create -f ${file}`),
            /certificatesigningrequest.certificates.k8s.io\/foo created/,
          );
          await kubectl.is('csr/foo', '{{range .status.conditions}}{{.type}}{{end}}', '');
          assert.match(
            await kubectl.ok('get csr'),
            /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\nfoo +\d+s +kubernetes.io\/kube-apiserver-client +admin +<none> +Pending$/,
          );
          assert.match(await kubectl.ok(`certificate ${verb} ${which}`), /foo (approved|denied)$/);
          await kubectl.is('csr/foo', '{{range .status.conditions}}{{.type}}{{end}}', done as string);
          await kubectl.ok('describe csr foo');
          await kubectl.ok(`delete -f ${file}`);
        }
      });
    }

    it('say who asked, and as whom he acted', async () => {
      const { pem } = await requestFor('someone');
      const file = kubectl.file('request.json', signingRequest('foo', pem));
      await kubectl.ok(`create -f ${file} --as=user1`);
      await kubectl.is('csr/foo', '{{.spec.username}} {{.spec.groups}}', 'user1 [system:authenticated]');
      await kubectl.ok(`delete -f ${file}`);
      await kubectl.ok([
        ...`create -f ${file} --as=user1 --as-uid=abc123 --as-group=group2 --as-group=group1 --as-group=,,,chameleon`.split(
          ' ',
        ),
        ...['key1=hello there', 'key1=one,two', 'key2=val3'].map((extra) => `--as-user-extra=${extra}`),
      ]);
      await kubectl.is(
        'csr/foo',
        '{{range .spec.groups}}{{.}} {{end}}',
        'group2 group1 ,,,chameleon system:authenticated',
      );
      await kubectl.is(
        'csr/foo',
        '{{.spec.uid}} {{.spec.extra.key1}} {{.spec.extra.key2}}',
        'abc123 [hello there one,two] [val3]',
      );
      await kubectl.ok(`delete -f ${file}`);
      assert.match(await kubectl.fails('get pods --as-group=foo'), /without impersonating a user/);
      assert.match(await kubectl.fails('get pods --as-uid=foo'), /without impersonating a user/);
    });
  });

  describe('reviews', () => {
    it('of what somebody may do', async () => {
      assert.match(
        await kubectl.ok('create -f - --validate=false', { input: REVIEW }),
        /^subjectaccessreview.authorization.k8s.io\/<unknown> created$/,
      );
      const raw = await kubectl.ok('create --raw /apis/authorization.k8s.io/v1/subjectaccessreviews -f -', {
        input: REVIEW,
      });
      assert.match(raw, /"allowed":\s*true/);
    });

    it('of a token, and of oneself', async () => {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'admin-token' } };
      await kubectl.ok('create -f - --validate=false', { input: JSON.stringify(review) });
      assert.match(await kubectl.ok('auth whoami -o json'), /"kind": "SelfSubjectReview"/);
      assert.match(await kubectl.ok('auth whoami -o yaml'), /kind: SelfSubjectReview/);
      assert.match(
        await kubectl.ok('auth whoami'),
        /^ATTRIBUTE +VALUE\nUsername +admin\nGroups +\[system:masters system:authenticated\]/,
      );
      assert.match(await kubectl.ok('auth can-i create pods --subresource=exec'), /^yes/);
      assert.match(await kubectl.ok('auth can-i get /logs/'), /^yes/);
    });
  });

  describe('credentials', () => {
    const configWith = (user: object): string => {
      const config = parse(readFileSync(kubectl.kubeconfig, 'utf8')) as { users: { user: object }[] };
      config.users = [{ ...(config.users[0] as object), user }];
      return kubectl.file(`config-${createHash('sha1').update(JSON.stringify(user)).digest('hex')}`, stringify(config));
    };

    for (const version of ['v1beta1', 'v1']) {
      const apiVersion = `client.authentication.k8s.io/${version}`;
      const credential = JSON.stringify({ apiVersion, status: { token: 'admin-token' } });

      it(`of a plugin (${version}), unless others are given`, async () => {
        const wrong = configWith({ exec: { apiVersion, command: 'ls', interactiveMode: 'IfAvailable' } });
        const right = configWith({
          exec: { apiVersion, command: 'echo', args: [credential], interactiveMode: 'IfAvailable' },
        });
        const get = 'get namespace kube-system -o name';
        assert.equal(await kubectl.ok(`${get} --kubeconfig=${wrong} --token=admin-token`), 'namespace/kube-system');
        assert.match(await kubectl.fails(`${get} --kubeconfig=${wrong}`), /json parse error/);
        assert.equal(await kubectl.ok(`${get} --kubeconfig=${right}`), 'namespace/kube-system');
        assert.match(
          await kubectl.fails(`${get} --kubeconfig=${right} --username=bad --password=wrong`),
          /Unauthorized/,
        );
        assert.match(
          await kubectl.fails(`${get} --kubeconfig=${right} --token=wrong`),
          /You must be logged in to the server \(Unauthorized\)/,
        );
      });
    }

    it('of a certificate that the cluster signed', async () => {
      const { pem, key } = await requestFor('testuser');
      await kubectl.ok('create -f -', { input: signingRequest('testuser', pem) });
      await kubectl.ok('certificate approve testuser');
      await kubectl.becomes('csr testuser', '{{.status.certificate}}', /^[A-Za-z0-9+/]+=*$/);
      const certificate = await kubectl.ok('get csr testuser -o jsonpath={.status.certificate}');
      const files = [
        kubectl.file('user.crt', Buffer.from(certificate, 'base64').toString()),
        kubectl.file('user.key', key),
      ];
      chmodSync(files[1] as string, 0o600);
      const wrong = configWith({
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'ls', interactiveMode: 'Never' },
      });
      const flags = `--client-certificate=${files[0]} --client-key=${files[1]} --kubeconfig=${wrong}`;
      assert.match(await kubectl.ok(`auth whoami ${flags}`), /Username +testuser/);
    });
  });
});
