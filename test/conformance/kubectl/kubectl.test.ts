import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columns, KubectlUnderTest } from './kubectl-under-test.js';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: busybox, command: [sleep, "3600"]}]
`;

const POD = (name: string, script: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: c, image: busybox, command: [sh, -c, '${script}'], ports: [{containerPort: 8080}]}]
`;

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, maximum: 10, description: How big it is.}
              color: {type: string, default: red}
            x-kubernetes-validations: [{rule: 'self.size != 7', message: not seven}]
          status: {type: object, properties: {replicas: {type: integer}}}
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
`;

describe('kubectl', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.start();
    await kubectl.namespace('test');
  });

  after(() => kubectl.stop());

  describe('reading', () => {
    before(async () => {
      await kubectl.ok('create configmap one --from-literal=a=1');
      await kubectl.ok('create configmap two --from-literal=a=1 --from-literal=b=2');
    });

    it('version, api-resources, api-versions, cluster-info', async () => {
      assert.match(await kubectl.ok('version'), /Server Version: v1\.35\./);
      const resources = columns(await kubectl.ok('api-resources'));
      assert.ok(resources.includes('deployments deploy apps/v1 true Deployment'));
      assert.ok(resources.includes('pods po v1 true Pod'));
      assert.ok((await kubectl.ok('api-versions')).split('\n').includes('apps/v1'));
      assert.match(await kubectl.ok('cluster-info'), /Kubernetes control plane.*is running at.*https:\/\/127\.0\.0\.1/);
    });

    it('get in every form of output', async () => {
      const table = columns(await kubectl.ok('get configmaps one two'));
      assert.equal(table[0], 'NAME DATA AGE');
      assert.match(table[1] ?? '', /^one 1 \d+s$/);
      assert.match(table[2] ?? '', /^two 2 \d+s$/);
      assert.equal(await kubectl.ok('get cm one -o name'), 'configmap/one');
      assert.equal(await kubectl.ok('get cm two -o jsonpath={.data.b}'), '2');
      assert.equal(await kubectl.ok('get cm two -o go-template={{.data.b}}'), '2');
      assert.match(await kubectl.ok('get cm one -o yaml'), /^apiVersion: v1\ndata:\n {2}a: "1"\nkind: ConfigMap\n/);
      assert.equal((JSON.parse(await kubectl.ok('get cm one -o json')) as { kind: string }).kind, 'ConfigMap');
      assert.deepEqual(columns(await kubectl.ok('get cm one -o custom-columns=N:.metadata.name,A:.data.a')), [
        'N A',
        'one 1',
      ]);
      assert.match(await kubectl.ok('get cm one -o wide --show-labels'), /LABELS/);
      assert.match(await kubectl.ok('get cm -o name --field-selector=metadata.name=two'), /^configmap\/two$/);
      assert.match(await kubectl.ok('get cm --sort-by=.metadata.name --no-headers'), /kube-root-ca\.crt[^]*one[^]*two/);
      assert.match(await kubectl.ok('get cm -A --chunk-size=1'), /kube-system[^]*test/);
    });

    it('get says what is not there', async () => {
      assert.equal(await kubectl.fails('get cm none'), 'Error from server (NotFound): configmaps "none" not found');
      assert.equal(await kubectl.ok('get cm none --ignore-not-found'), '');
      assert.equal(await kubectl.fails('get nonsense'), 'error: the server doesn\'t have a resource type "nonsense"');
      assert.match(await kubectl.fails('get cm --field-selector=spec.x=1'), /not a known field selector/);
    });

    it('get --raw, describe, explain', async () => {
      assert.equal(await kubectl.ok('get --raw /readyz'), 'ok');
      assert.match(await kubectl.ok('get --raw /livez?verbose'), /\[\+\]ping ok/);
      assert.match(await kubectl.ok('describe cm two'), /b:\n----\n2/);
      assert.match(await kubectl.ok('explain deployment.spec.replicas'), /FIELD: replicas <integer>/);
      assert.match(await kubectl.ok('explain pods --recursive'), /terminationGracePeriodSeconds/);
    });

    it('get --watch shows changes', async () => {
      const watching = kubectl.run('get cm one -w --output-watch-events', { forMs: 3000 });
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await kubectl.ok('label cm one seen=yes');
      assert.match((await watching).out, /ADDED +one[^]*MODIFIED +one/);
    });
  });

  describe('creating', () => {
    const generators: readonly (readonly [string, RegExp])[] = [
      ['create secret generic s --from-literal=a=b', /^secret\/s created$/],
      ['create serviceaccount bob', /^serviceaccount\/bob created$/],
      ['create job once --image=busybox -- true', /^job\.batch\/once created$/],
      ['create cronjob tick --image=busybox --schedule=0/5_*_*_*_* -- true', /^cronjob\.batch\/tick created$/],
      ['create quota q --hard=services=50', /^resourcequota\/q created$/],
      ['create role reader --verb=get --resource=pods', /^role\.rbac\.authorization\.k8s\.io\/reader created$/],
      ['create rolebinding rb --role=reader --user=me', /^rolebinding\.rbac\.authorization\.k8s\.io\/rb created$/],
      ['create clusterrole cr --verb=list --resource=nodes', /^clusterrole\.rbac\.authorization\.k8s\.io\/cr created$/],
      [
        'create clusterrolebinding crb --clusterrole=cr --group=g',
        /^clusterrolebinding\.rbac\.authorization\.k8s\.io\/crb created$/,
      ],
      ['create service clusterip plain --tcp=80:8080', /^service\/plain created$/],
      ['create service nodeport open --tcp=80', /^service\/open created$/],
      ['create service externalname out --external-name=example.com', /^service\/out created$/],
      ['create service loadbalancer lb --tcp=80', /^service\/lb created$/],
      ['create ingress in --rule=example.com/*=plain:80', /^ingress\.networking\.k8s\.io\/in created$/],
      [
        'create poddisruptionbudget pdb --selector=app=x --min-available=1',
        /^poddisruptionbudget\.policy\/pdb created$/,
      ],
      ['create priorityclass high --value=1000', /^priorityclass\.scheduling\.k8s\.io\/high created$/],
      ['create configmap made --from-literal=x=y', /^configmap\/made created$/],
    ];

    for (const [command, expected] of generators) {
      it(command.split(' ').slice(0, 4).join(' '), async () => {
        assert.match(await kubectl.ok(command.split(' ').map((part) => part.replaceAll('_', ' '))), expected);
      });
    }

    it('shows what was made', async () => {
      const services = columns(await kubectl.ok('get services'));
      assert.equal(services[0], 'NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE');
      assert.ok(
        services.some((line) => /^out ExternalName <none> example\.com <none> \d+s$/.test(line)),
        services.join('\n'),
      );
      assert.ok(services.some((line) => /^open NodePort [\d.]+ <none> 80:3\d{4}\/TCP \d+s$/.test(line)));
      assert.ok(services.some((line) => /^plain ClusterIP [\d.]+ <none> 80\/TCP \d+s$/.test(line)));
      assert.equal(columns(await kubectl.ok('get ingress in'))[0], 'NAME CLASS HOSTS ADDRESS PORTS AGE');
      assert.match(
        columns(await kubectl.ok('get cronjob tick'))[1] ?? '',
        /^tick 0\/5 \* \* \* \* <none> False 0 <none> \d+s$/,
      );
      assert.match(columns(await kubectl.ok('get pdb'))[1] ?? '', /^pdb 1 N\/A 0 \d+s$/);
      assert.match(columns(await kubectl.ok('get secret s'))[1] ?? '', /^s Opaque 1 \d+s$/);
    });

    it('refuses what exists, and what is wrong', async () => {
      assert.equal(
        await kubectl.fails('create configmap made'),
        'error: failed to create configmap: configmaps "made" already exists',
      );
      assert.match(
        await kubectl.fails('run UPPER --image=x'),
        /The Pod "UPPER" is invalid:[^]*metadata\.name: Invalid value: "UPPER"/,
      );
      assert.match(
        await kubectl.fails('create service nodeport low --tcp=80 --node-port=80'),
        /spec\.ports\[0\]\.nodePort: Invalid value: 80: provided port is not in the valid range\. The range of valid ports is 30000-32767/,
      );
    });

    it('tokens are good for their account', async () => {
      const token = await kubectl.ok('create token bob');
      assert.match(await kubectl.ok(['auth', 'whoami', `--token=${token}`]), /system:serviceaccount:test:bob/);
      assert.equal(await kubectl.ok('auth can-i get pods'), 'yes');
      assert.match(await kubectl.ok('auth can-i --list'), /\*\.\* +\[\] +\[\] +\[\*\]/);
      assert.match(await kubectl.fails('get pods --token=wrong'), /Unauthorized|must be logged in/);
    });
  });

  describe('applying', () => {
    it('client-side: created, unchanged, configured, diff', async () => {
      const file = kubectl.file('web.yaml', DEPLOYMENT);
      assert.equal(await kubectl.ok(`apply -f ${file}`), 'deployment.apps/web created');
      assert.equal(await kubectl.ok(`apply -f ${file}`), 'deployment.apps/web unchanged');
      const two = kubectl.file('web2.yaml', DEPLOYMENT.replace('replicas: 1', 'replicas: 2'));
      const diff = await kubectl.run(`diff -f ${two}`);
      assert.equal(diff.code, 1);
      assert.match(diff.out, /- {2}replicas: 1\n\+ {2}replicas: 2/);
      assert.equal(
        await kubectl.ok(`apply --dry-run=server -f ${two}`),
        'deployment.apps/web configured (server dry run)',
      );
      assert.equal(await kubectl.ok('get deploy web -o jsonpath={.spec.replicas}'), '1');
      assert.equal(await kubectl.ok(`apply -f ${two}`), 'deployment.apps/web configured');
      assert.equal(await kubectl.ok('get deploy web -o jsonpath={.spec.replicas}'), '2');
      assert.match(await kubectl.ok(`apply view-last-applied deploy/web`), /replicas: 2/);
    });

    it('server-side: conflicts are named and can be forced', async () => {
      const file = kubectl.file(
        'cm.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: "1"}\n',
      );
      assert.equal(await kubectl.ok(`apply --server-side -f ${file}`), 'configmap/shared serverside-applied');
      const other = kubectl.file(
        'cm2.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: "2"}\n',
      );
      const refused = await kubectl.fails(`apply --server-side --field-manager=other -f ${other}`);
      assert.match(refused, /Apply failed with 1 conflict: conflict with "kubectl": \.data\.a/);
      await kubectl.ok(`apply --server-side --field-manager=other --force-conflicts -f ${other}`);
      assert.equal(await kubectl.ok('get cm shared -o jsonpath={.data.a}'), '2');
      assert.equal(
        await kubectl.ok('get cm shared --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}'),
        'other',
      );
    });

    it('moves from client-side to server-side apply', async () => {
      const file = kubectl.file(
        'move.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: move}\ndata: {a: "1", b: "1"}\n',
      );
      await kubectl.ok(`apply -f ${file}`);
      const less = kubectl.file(
        'move2.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: move}\ndata: {a: "2"}\n',
      );
      await kubectl.ok(`apply --server-side -f ${less}`);
      assert.equal(await kubectl.ok('get cm move -o jsonpath={.data}'), '{"a":"2"}');
    });

    it('names unknown fields', async () => {
      const file = kubectl.file(
        'bad.yaml',
        DEPLOYMENT.replace('replicas', 'replica').replace('name: web', 'name: bad'),
      );
      assert.match(await kubectl.fails(`apply -f ${file}`), /strict decoding error: unknown field "spec\.replica"/);
      assert.match(
        await kubectl.fails(`apply --server-side -f ${file}`),
        /\.spec\.replica: field not declared in schema/,
      );
      const { err } = await kubectl.run(`create --validate=warn -f ${file}`);
      assert.match(err, /Warning: unknown field "spec\.replica"/);
      await kubectl.ok('delete deploy bad');
    });

    it('prunes what is no longer there, applies folders with -k', async () => {
      kubectl.file('kustomization.yaml', 'namePrefix: k-\nresources: [shared.yaml]\nlabels: [{pairs: {set: k}}]\n');
      kubectl.file('shared.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n');
      assert.equal(await kubectl.ok(`apply -k ${kubectl.folder}`), 'configmap/k-one created');
      const empty = kubectl.file(
        'rest.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rest, labels: {set: k}}\n',
      );
      const pruned = await kubectl.ok(`apply -f ${empty} --prune -l set=k --prune-allowlist=core/v1/ConfigMap`);
      assert.match(pruned, /configmap\/k-one pruned/);
    });
  });

  describe('changing', () => {
    it('label, annotate, set, patch of every type', async () => {
      assert.equal(await kubectl.ok('label cm made tier=front'), 'configmap/made labeled');
      assert.match(
        await kubectl.fails('label cm made tier=back'),
        /already has a value \(front\), and --overwrite is false/,
      );
      assert.equal(await kubectl.ok('label cm made tier-'), 'configmap/made unlabeled');
      assert.equal(await kubectl.ok('annotate cm made note=x'), 'configmap/made annotated');
      assert.equal(await kubectl.ok(['patch', 'cm', 'made', '-p', '{"data":{"x":"z"}}']), 'configmap/made patched');
      assert.equal(
        await kubectl.ok(['patch', 'cm', 'made', '-p', '{"data":{"x":"z"}}']),
        'configmap/made patched (no change)',
      );
      assert.equal(
        await kubectl.ok(['patch', 'cm', 'made', '--type=merge', '-p', '{"data":{"x":null}}']),
        'configmap/made patched',
      );
      const json = '[{"op":"add","path":"/data","value":{"num":"1"}}]';
      assert.equal(await kubectl.ok(['patch', 'cm', 'made', '--type=json', '-p', json]), 'configmap/made patched');
      assert.equal(await kubectl.ok('get cm made -o jsonpath={.data}'), '{"num":"1"}');
      assert.equal(await kubectl.ok('set image deploy/web c=busybox:2'), 'deployment.apps/web image updated');
      assert.equal(await kubectl.ok('set env deploy/web A=1'), 'deployment.apps/web env updated');
      assert.equal(
        await kubectl.ok('set resources deploy/web --limits=cpu=1'),
        'deployment.apps/web resource requirements updated',
      );
      assert.equal(
        await kubectl.ok('set serviceaccount deploy/web default'),
        'deployment.apps/web serviceaccount updated',
      );
      assert.equal(await kubectl.ok('set selector service plain app=web'), 'service/plain selector updated');
    });

    it('says which fields cannot change', async () => {
      const patch = '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}';
      assert.match(
        await kubectl.fails(['patch', 'deploy', 'web', '-p', patch]),
        /spec\.selector: Invalid value:[^]*field is immutable/,
      );
    });

    it('edit, replace', async () => {
      const editor = kubectl.file('editor', `#!/bin/sh\nsed -i 's/num: "1"/num: "2"/' "$1"\n`);
      chmodSync(editor, 0o700);
      const edited = await kubectl.ok('edit cm made', { env: { KUBE_EDITOR: editor } });
      assert.equal(edited, 'configmap/made edited');
      const manifest = (await kubectl.ok('get cm made -o yaml')).replace('num: "2"', 'num: "3"');
      assert.equal(await kubectl.ok('replace -f -', { input: manifest }), 'configmap/made replaced');
      const stale = manifest.replace(/resourceVersion: "\d+"/, 'resourceVersion: "1"');
      assert.match(
        await kubectl.fails('replace -f -', { input: stale }),
        /Operation cannot be fulfilled on configmaps "made": the object has been modified; please apply your changes to the latest version and try again/,
      );
    });

    it('delete with selectors, propagation and dry run', async () => {
      await kubectl.ok('label cm made gone=yes');
      assert.match(await kubectl.ok('delete cm -l gone=yes --dry-run=server'), /"made" deleted/);
      assert.equal(await kubectl.ok('get cm made -o name'), 'configmap/made');
      assert.match(await kubectl.ok('delete cm -l gone=yes'), /"made" deleted/);
      assert.match(await kubectl.fails('delete cm made'), /configmaps "made" not found/);
      assert.match(await kubectl.ok('delete secret --all --ignore-not-found'), /"s" deleted/);
    });
  });

  describe('rollouts', () => {
    it('status, history, pause, resume, restart, undo, scale, autoscale', async () => {
      const file = kubectl.file('roll.yaml', DEPLOYMENT.replaceAll('web', 'roll'));
      await kubectl.ok(`apply -f ${file}`);
      assert.match(await kubectl.ok('rollout status deploy/roll --timeout=40s'), /successfully rolled out/);
      await kubectl.ok('set env deploy/roll B=2');
      await kubectl.ok('rollout status deploy/roll --timeout=40s');
      assert.deepEqual(columns(await kubectl.ok('rollout history deploy/roll')).slice(1), [
        'REVISION CHANGE-CAUSE',
        '1 <none>',
        '2 <none>',
      ]);
      assert.equal(await kubectl.ok('rollout undo deploy/roll'), 'deployment.apps/roll rolled back');
      assert.equal(await kubectl.ok('rollout pause deploy/roll'), 'deployment.apps/roll paused');
      assert.equal(await kubectl.ok('rollout resume deploy/roll'), 'deployment.apps/roll resumed');
      assert.equal(await kubectl.ok('rollout restart deploy/roll'), 'deployment.apps/roll restarted');
      assert.equal(await kubectl.ok('scale deploy/roll --replicas=2'), 'deployment.apps/roll scaled');
      await kubectl.ok('rollout status deploy/roll --timeout=40s');
      await kubectl.ok('wait --for=condition=Available deploy/roll --timeout=40s');
      assert.match(columns(await kubectl.ok('get deploy roll'))[1] ?? '', /^roll 2\/2 2 2 \d+s$/);
      assert.equal(
        await kubectl.ok('autoscale deploy roll --max=3'),
        'horizontalpodautoscaler.autoscaling/roll autoscaled',
      );
      assert.match(
        columns(await kubectl.ok('get hpa roll'))[0] ?? '',
        /^NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE$/,
      );
      assert.match(await kubectl.ok('delete deploy roll --cascade=foreground --timeout=40s'), /"roll" deleted/);
      assert.equal(await kubectl.ok('get rs -l app=roll -o name'), '');
    });
  });

  describe('pods', () => {
    before(async () => {
      const file = kubectl.file(
        'echo.yaml',
        POD(
          'echo',
          'echo started; mkdir -p www; echo page > www/index.html; exec busybox httpd -f -p $POD_IP:8080 -h www',
        ),
      );
      await kubectl.ok(`apply -f ${file}`);
      await kubectl.ok('wait --for=condition=Ready pod/echo --timeout=40s');
    });

    it('get, describe, events', async () => {
      const wide = columns(await kubectl.ok('get pod echo -o wide'));
      assert.equal(wide[0], 'NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES');
      assert.match(wide[1] ?? '', /^echo 1\/1 Running 0 \d+s [\d.]+ \S+ <none> <none>$/);
      assert.match(await kubectl.ok('describe pod echo'), /Events:[^]*Started/);
      assert.match(await kubectl.ok('events --for pod/echo'), /Pod\/echo/);
    });

    it('logs, exec, cp', async () => {
      assert.equal(await kubectl.ok('logs echo'), 'started');
      assert.match(await kubectl.ok('logs echo --timestamps --tail=1'), /^\d{4}-\d\d-\d\dT\S+ started$/);
      assert.match(await kubectl.fails('logs echo -c none'), /container none is not valid for pod echo/);
      assert.match(
        await kubectl.fails('logs echo --previous'),
        /previous terminated container "c" in pod "echo" not found/,
      );
      assert.equal(await kubectl.ok('exec echo -- echo hi'), 'hi');
      assert.equal(await kubectl.ok('exec -i echo -- cat', { input: 'through' }), 'through');
      assert.equal((await kubectl.run(['exec', 'echo', '--', 'sh', '-c', 'exit 3'])).code, 3);
      const spdy = { env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' } };
      assert.equal(await kubectl.ok('exec echo -- echo spdy', spdy), 'spdy');
      const target = join(kubectl.folder, 'page');
      await kubectl.ok(`cp echo:www/index.html ${target}`);
      assert.equal(readFileSync(target, 'utf8'), 'page\n');
    });

    it('run, debug, expose, top, delete', async () => {
      assert.equal(await kubectl.ok('run once --image=busybox --restart=Never --command -- true'), 'pod/once created');
      await kubectl.ok('wait --for=jsonpath={.status.phase}=Succeeded pod/once --timeout=30s');
      assert.match(columns(await kubectl.ok('get pod once'))[1] ?? '', /^once 0\/1 Completed 0 \d+s$/);
      assert.equal(
        await kubectl.ok('expose pod echo --port=80 --target-port=8080 --name=exposed'),
        'service/exposed exposed',
      );
      assert.match(await kubectl.ok('top pod echo'), /NAME +CPU\(cores\) +MEMORY\(bytes\)/);
      assert.match(await kubectl.ok('top node'), /CPU\(%\)/);
      await kubectl.ok('debug echo --image=busybox --profile=general -- true');
      assert.match(await kubectl.ok('get pod echo -o jsonpath={.spec.ephemeralContainers[*].name}'), /^debugger-/);
      assert.match(await kubectl.ok('delete pod once echo --timeout=30s'), /"echo" deleted/);
    });
  });

  describe('nodes', () => {
    it('cordon, taint, drain, uncordon', async () => {
      const node = (await kubectl.ok('get nodes -o name')).replace('node/', '');
      assert.equal(columns(await kubectl.ok('get nodes'))[0], 'NAME STATUS ROLES AGE VERSION');
      assert.equal(await kubectl.ok(`cordon ${node}`), `node/${node} cordoned`);
      assert.match(await kubectl.ok('get nodes'), /Ready,SchedulingDisabled/);
      assert.match(
        await kubectl.ok(`drain ${node} --force --ignore-daemonsets --delete-emptydir-data --timeout=50s`),
        /drained/,
      );
      assert.equal(await kubectl.ok(`uncordon ${node}`), `node/${node} uncordoned`);
      assert.equal(await kubectl.ok(`taint node ${node} a=b:PreferNoSchedule`), `node/${node} tainted`);
      assert.equal(await kubectl.ok(`taint node ${node} a-`), `node/${node} untainted`);
      assert.match(await kubectl.ok(`describe node ${node}`), /Allocated resources/);
    });
  });

  describe('custom resources', () => {
    it('are there within a second of their definition, with columns, validation and scale', async () => {
      const definition = kubectl.file('crd.yaml', DEFINITION);
      await kubectl.ok(`apply -f ${definition}`);
      await kubectl.ok('wait --for=condition=Established crd/widgets.example.com --timeout=1s');
      const widget = kubectl.file(
        'widget.yaml',
        'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 3}\n',
      );
      assert.equal(await kubectl.ok(`apply -f ${widget}`), 'widget.example.com/a created');
      assert.deepEqual(columns(await kubectl.ok('get wd')), ['NAME SIZE', 'a 3']);
      assert.equal(await kubectl.ok('get wd a -o jsonpath={.spec.color}'), 'red');
      assert.match(await kubectl.ok('explain widget.spec.size'), /How big it is\./);
      const patch = (size: number): string[] => ['patch', 'wd', 'a', '--type=merge', '-p', `{"spec":{"size":${size}}}`];
      assert.match(await kubectl.fails(patch(11)), /spec\.size in body should be less than or equal to 10/);
      assert.match(await kubectl.fails(patch(7)), /not seven/);
      assert.equal(await kubectl.ok('scale wd a --replicas=5'), 'widget.example.com/a scaled');
      assert.equal(await kubectl.ok('get wd a -o jsonpath={.spec.size}'), '5');
      await kubectl.ok('delete crd widgets.example.com --timeout=20s');
      assert.match(
        await kubectl.fails('get widgets.example.com'),
        /doesn't have a resource type|could not find the requested resource/,
      );
    });
  });

  describe('namespaces', () => {
    it('go with everything in them', async () => {
      await kubectl.ok('create namespace gone');
      await kubectl.ok('create configmap x -n gone');
      assert.match(await kubectl.ok('delete namespace gone --timeout=30s'), /"gone" deleted/);
      assert.match(await kubectl.fails('get cm x -n gone'), /not found/);
      assert.match(await kubectl.fails('create configmap x -n gone'), /namespaces "gone" not found/);
      assert.match(await kubectl.fails('delete namespace default'), /this namespace may not be deleted/);
    });
  });
});
