import assert from 'node:assert/strict';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

const onNode = (name: string, label: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {${label}, type: test-pod}}
spec: {nodeName: 127.0.0.1, containers: [{name: container-1, image: test-image}]}
`;

const TARGET_WITH_PROBES = `
apiVersion: v1
kind: Pod
metadata: {name: target}
spec:
  containers:
  - {name: target, image: nginx, livenessProbe: {tcpSocket: {port: 80}}, readinessProbe: {tcpSocket: {port: 80}}}
`;

describe('kubectl, nodes and debugging', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('nodes');
  });

  after(() => kubectl.stop());

  describe('taint, cordon and drain', () => {
    const unschedulable = '{{.spec.unschedulable}}';
    before(() => kubectl.ok('create -f -', { input: `${onNode('one', 'e: f')}---${onNode('two', 'c: d')}` }));
    after(() => kubectl.ok('delete pods --all --force'));

    it('taint adds and removes, and in a dry run neither', async () => {
      const taints = '{{range .spec.taints}}{{if eq .key "dedicated"}}{{.key}}={{.value}}:{{.effect}}{{end}}{{end}}';
      for (const [command, expected] of [
        ['dedicated=foo:PreferNoSchedule --dry-run=server', ''],
        ['dedicated=foo:PreferNoSchedule', 'dedicated=foo:PreferNoSchedule'],
        ['dedicated-', ''],
        ['dedicated:PreferNoSchedule', 'dedicated=<no value>:PreferNoSchedule'],
        ['dedicated- --dry-run=server', 'dedicated=<no value>:PreferNoSchedule'],
        ['dedicated-', ''],
      ] as const) {
        await kubectl.ok(`taint node 127.0.0.1 ${command}`);
        await kubectl.is('node 127.0.0.1', taints, expected);
        const managers = await kubectl.managers('node 127.0.0.1');
        assert.equal(managers.includes('kubectl-taint'), expected !== '', managers.join(' '));
      }
    });

    it('drain evicts the selected, in pages, and a dry run nobody', async () => {
      await kubectl.ok('cordon 127.0.0.1 --dry-run=server');
      await kubectl.ok('drain 127.0.0.1 --dry-run=server --force');
      await kubectl.is('node 127.0.0.1', unschedulable, '<no value>');
      await kubectl.is(
        'pods',
        '{{range .items}}{{.metadata.name}} {{.metadata.deletionTimestamp}}:{{end}}',
        'one <no value>:two <no value>:',
      );
      const drained = await kubectl.run(
        "drain 127.0.0.1 --force --pod-selector 'e in (f)' --skip-wait-for-delete-timeout=1",
      );
      assert.match(drained.out, /evicting pod nodes\/one/);
      await kubectl.is('pod two', '{{.metadata.deletionTimestamp}}', '<no value>');
      assert.match(await kubectl.ok('uncordon 127.0.0.1'), /node\/127.0.0.1 uncordoned/);
      assert.match(await kubectl.ok('uncordon 127.0.0.1 --dry-run=server'), /already uncordoned/);
      await kubectl.ok('delete pod one --force --ignore-not-found');
      await kubectl.ok('create -f -', { input: onNode('one', 'e: f') });
      await kubectl.ok('label node 127.0.0.1 test=label');
      const { out, err } = await kubectl.run(
        'drain --force --pod-selector type=test-pod --selector test=label --chunk-size=1 --dry-run=client -v=6',
      );
      assert.match(err, /\/v1\/nodes\?labelSelector=test%3Dlabel&limit=1" status="200 OK"/);
      assert.match(
        err,
        /\/v1\/pods\?continue=[^&]+&fieldSelector=spec.nodeName%3D127.0.0.1&labelSelector=type%3Dtest-pod&limit=1"/,
      );
      assert.match(out, /evicting pod nodes\/one/);
      assert.match(out, /evicting pod nodes\/two/);
    });

    it('cordon wants nodes', async () => {
      assert.match(await kubectl.fails('cordon'), /error: USAGE: cordon NODE/);
      assert.match(await kubectl.fails('cordon --selector='), /must provide one or more resources/);
      assert.match(await kubectl.fails('drain 127.0.0.1 --selector test=label'), /cannot specify both a node name/);
      assert.match(await kubectl.ok('cordon --selector test=label'), /node\/127.0.0.1 cordoned/);
      assert.doesNotMatch(await kubectl.ok('cordon --selector invalid=label'), /cordoned/);
      await kubectl.is('node 127.0.0.1', unschedulable, 'true');
      await kubectl.ok('uncordon 127.0.0.1');
    });
  });

  describe('exec', () => {
    before(async () => {
      await kubectl.ok('run test-pod --image=nginx');
      await kubectl.ok('create configmap words');
      await kubectl.ok('create deployment front --image=nginx');
    });
    after(() => kubectl.ok('delete pods,deployments,configmaps --all --force'));

    it('says what there is not', async () => {
      assert.match(await kubectl.fails('exec abc -- date'), /pods "abc" not found/);
      assert.match(
        await kubectl.fails('exec foo/bar -- date'),
        /^error: the server doesn't have a resource type "foo"/,
      );
      assert.match(await kubectl.fails('exec deployments/bar -- date'), /deployments.apps "bar" not found/);
      assert.match(await kubectl.fails('exec configmap/words -- date'), /not implemented/);
      const two = `${onNode('a', 'a: b')}---${onNode('b', 'a: b')}`;
      assert.match(
        await kubectl.fails('exec -f - -- echo test', { input: two }),
        /cannot exec into multiple objects at a time/,
      );
    });

    it('says that a pod has no node yet', async () => {
      const noHost = /^Error from server \(BadRequest\): pod [a-z0-9-]+ does not have a host assigned$/;
      assert.match(await kubectl.fails('exec test-pod -- date'), noHost);
      assert.match(await kubectl.fails('exec pods/test-pod -- date'), noHost);
      await kubectl.becomes('pods', '{{len .items}}', '2');
      assert.match(await kubectl.fails('exec deployment/front -- date'), noHost);
      assert.match(await kubectl.fails('attach test-pod'), /unable to attach|does not have a host assigned|timed out/);
    });
  });

  describe('debug', () => {
    const target = (): Promise<string> => kubectl.ok('create -f -', { input: TARGET_WITH_PROBES });
    const containers = '{{range .spec.containers}}{{.name}} {{.image}}:{{end}}';
    const debug = 'debug target -it --image=busybox --attach=false';
    beforeEach(target);
    afterEach(() => kubectl.ok('delete pods --all --force'));

    it('adds a container to a pod, by every profile', async () => {
      for (const [profile, context] of [
        ['legacy', '<no value>'],
        ['general', 'map[capabilities:map[add:[SYS_PTRACE]]]'],
        ['baseline', '<no value>'],
        ['restricted', /allowPrivilegeEscalation:false capabilities:map\[drop:\[ALL\]\] runAsNonRoot:true/],
        ['sysadmin', 'map[privileged:true]'],
      ] as const) {
        await kubectl.ok(`${debug} -c debug-${profile} --profile=${profile}`);
        await kubectl.is(
          'pod target',
          `{{range .spec.ephemeralContainers}}{{if eq .name "debug-${profile}"}}{{.securityContext}}{{end}}{{end}}`,
          context,
        );
      }
    });

    it('copies a pod, with a container more, in its place, or with another image', async () => {
      await kubectl.ok(`${debug} --copy-to=copy --container=debugger --profile=general`);
      await kubectl.is('pods', NAMES, 'copy:target:');
      await kubectl.is('pod copy', containers, 'target nginx:debugger busybox:');
      await kubectl.is(
        'pod copy',
        '{{range .spec.containers}}{{.livenessProbe}}{{.readinessProbe}}{{end}}',
        '<no value><no value><no value><no value>',
      );
      await kubectl.is('pod copy', '{{.spec.shareProcessNamespace}}', 'true');
      await kubectl.ok('delete pod copy --force');
      const file = kubectl.file('target.yaml', await kubectl.ok('get pod target -o yaml'));
      await kubectl.ok(`debug -f ${file} --image=busybox --container=target --copy-to=copy -- sleep 1m`);
      await kubectl.is('pod copy', containers, 'target busybox:');
      await kubectl.ok('delete pod copy --force');
      await kubectl.ok(`${debug} --copy-to=copy --container=debugger --replace`);
      await kubectl.is('pods', NAMES, 'copy:');
    });

    it('makes a pod on a node', async () => {
      await kubectl.ok('delete pod target --force');
      for (const [profile, namespaces] of [
        ['general', 'true true true /'],
        ['baseline', '<no value> <no value> <no value>'],
        ['sysadmin', 'true true true /'],
      ] as const) {
        const out = await kubectl.ok(
          `debug --profile ${profile} node/127.0.0.1 --image=busybox --attach=false -- true`,
        );
        const [name = ''] = /node-debugger-127.0.0.1-[a-z0-9]+/.exec(out) ?? [];
        await kubectl.is(
          `pod ${name}`,
          '{{.spec.hostIPC}} {{.spec.hostNetwork}} {{.spec.hostPID}}{{range .spec.volumes}} {{with .hostPath}}{{.path}}{{end}}{{end}}',
          namespaces,
        );
        await kubectl.is(`pod ${name}`, '{{.spec.nodeName}}', '127.0.0.1');
        await kubectl.ok(`delete --force pod ${name}`);
      }
    });
  });
});
