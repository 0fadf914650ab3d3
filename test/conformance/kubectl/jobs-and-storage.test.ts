import assert from 'node:assert/strict';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

const volume = (name: string): string => `
apiVersion: v1
kind: PersistentVolume
metadata: {name: ${name}, labels: {type: local}}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: /tmp/${name}}
`;

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 3Gi}}
`;

const CLUSTER_STORAGE = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: kubernetes.io/fake-provisioner-type
parameters: {zone: us-east-1b, type: ssd}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: driver.example.com}
spec: {attachRequired: false, tokenRequests: [{audience: vault}]}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: 127.0.0.1}
spec: {drivers: [{name: driver.example.com, nodeID: one, topologyKeys: [zone]}]}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: gold}
driverName: driver.example.com
parameters: {iops: '100'}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: attached}
spec: {attacher: driver.example.com, nodeName: 127.0.0.1, source: {persistentVolumeName: one}}
`;

const CAPACITY = `
apiVersion: storage.k8s.io/v1
kind: CSIStorageCapacity
metadata: {name: capacity}
storageClassName: fast
capacity: 10Gi
`;

/** A day that does not come: the job is never started, and the event says so. */
const never = (name: string): string => `create cronjob ${name} '--schedule=59 23 31 2 *' --image=perl`;

describe('kubectl, jobs and storage', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('jobs');
  });

  after(() => kubectl.stop());

  describe('jobs', () => {
    before(() => kubectl.ok(`${never('pi')} -- perl -Mbignum=bpi -wle 'print bpi(20)'`));

    it('cron jobs are made, shown and described', async () => {
      assert.match(await kubectl.ok(`${never('pi2')} --dry-run=server -- true`), /created \(server dry run\)/);
      assert.match(
        await kubectl.ok('get cronjob/pi'),
        /^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE\npi +59 23 31 2 \* +<none> +False +0 +<none> +\d+s$/,
      );
      assert.match(await kubectl.ok('describe cronjob/pi'), /^Schedule: +59 23 31 2 \*$/m);
    });

    it('jobs are made from them', async () => {
      const from = 'create job test-job --from=cronjob/pi';
      assert.equal(await kubectl.ok(`${from} --dry-run=client -o name`), 'job.batch/test-job');
      assert.match(await kubectl.ok(`${from} --dry-run=server`), /created \(server dry run\)/);
      await kubectl.is('jobs', NAMES, '');
      await kubectl.ok(from);
      await kubectl.is(
        'job test-job',
        '{{.metadata.annotations}} {{(index .metadata.ownerReferences 0).name}}',
        'map[cronjob.kubernetes.io/instantiate:manual] pi',
      );
      await kubectl.becomes('job test-job', '{{.status.active}}', '1');
      assert.match(
        await kubectl.ok('get job/test-job'),
        /^NAME +STATUS +COMPLETIONS +DURATION +AGE\ntest-job +Running +0\/1 +\d+s +\d+s$/,
      );
      assert.match(await kubectl.ok('describe job/test-job'), /^Pods Statuses: +1 Active \(0 Ready\) \/ 0 Succeeded/m);
      await kubectl.ok('delete job test-job');
      await kubectl.becomes('pods', NAMES, '');
    });

    it('events tell of a schedule that never comes', async () => {
      await kubectl.becomes('events', '{{range .items}}{{.reason}}{{end}}', /InvalidSchedule/);
      const row = /Warning +InvalidSchedule +CronJob\/pi +invalid schedule: 59 23 31 2 \* : time difference/;
      for (const command of [
        'events -A',
        'events',
        'events --for=Cronjob/pi',
        'events --for=Cronjob/pi --types=Warning',
      ]) {
        assert.match(await kubectl.ok(command), row);
      }
      assert.doesNotMatch(await kubectl.ok('events --for=Cronjob/pi --types=Normal'), row);
      assert.doesNotMatch(await kubectl.ok('events --for=Cronjob/pi --no-headers'), /LAST SEEN/);
      assert.match((await kubectl.run('events --for=Cronjob/pi --watch --request-timeout=1')).out, row);
      for (const form of ['json', 'yaml']) assert.match(await kubectl.ok(`events --for=Cronjob/pi -o ${form}`), /pi/);
      await kubectl.ok('delete cronjob pi');
    });
  });

  describe('wait', () => {
    before(async () => {
      await kubectl.ok('create deployment one --image=busybox');
      await kubectl.ok('create deployment two --image=busybox');
    });

    it('ends in time when nothing comes', async () => {
      assert.match(
        await kubectl.fails('wait --for=jsonpath=.status.readyReplicas=1 deploy/one --timeout=1s'),
        /timed out waiting for the condition on deployments\/one/,
      );
      await kubectl.becomes('pods -l app=one', '{{len .items}}', '1');
      assert.match(
        await kubectl.fails('wait pod --selector=app=one --for=condition=InvalidCondition --timeout=1s'),
        /timed out waiting for the condition on pods\/one-/,
      );
    });

    it('sees a field come, and objects go', async () => {
      assert.match(
        await kubectl.ok('wait --for=jsonpath={.status.replicas} deploy/one --timeout=20s'),
        /deployment.apps\/one condition met/,
      );
      const waiting = kubectl.ok('wait deployment --for=delete --all --timeout=30s');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await kubectl.ok('delete deployment --all');
      assert.match(await waiting, /one condition met\n.*two condition met/);
    });
  });

  describe('storage', () => {
    it('volumes and claims', async () => {
      await kubectl.ok('create -f -', { input: volume('one') });
      assert.match(
        await kubectl.ok('get pv'),
        /^NAME +CAPACITY +ACCESS MODES +RECLAIM POLICY +STATUS +CLAIM +STORAGECLASS +VOLUMEATTRIBUTESCLASS +REASON +AGE\none +10Gi +RWO +Retain +\w+ +<unset> +\d+s$/,
      );
      await kubectl.ok('describe pv one');
      await kubectl.ok('create -f -', { input: CLAIM });
      assert.match(
        await kubectl.ok('get pvc'),
        /^NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +VOLUMEATTRIBUTESCLASS +AGE\nclaim +/,
      );
      await kubectl.becomes('pvc claim', '{{.status.phase}} {{.spec.volumeName}}', 'Bound one');
      assert.match(await kubectl.ok('describe pvc claim'), /^Volume: +one$/m);
      await kubectl.ok('delete pvc claim');
      await kubectl.becomes('pv one', '{{.status.phase}}', 'Released');
      const { out, err } = await kubectl.run('delete pv -n test --all');
      assert.match(err, /Warning: deleting cluster-scoped resources/);
      assert.equal(out, 'persistentvolume "one" deleted');
    });

    it('classes, drivers, nodes, capacities and attachments', async () => {
      await kubectl.ok('create -f -', { input: CLUSTER_STORAGE });
      await kubectl.ok('create -f -', { input: CAPACITY });
      for (const [resource, header, row] of [
        [
          'sc',
          'NAME +PROVISIONER +RECLAIMPOLICY +VOLUMEBINDINGMODE +ALLOWVOLUMEEXPANSION +AGE',
          'fast +kubernetes.io/fake-provisioner-type +Delete +Immediate +false +\\d+s',
        ],
        [
          'csidriver',
          'NAME +ATTACHREQUIRED +PODINFOONMOUNT +STORAGECAPACITY +TOKENREQUESTS +REQUIRESREPUBLISH +MODES +AGE',
          'driver.example.com +false +false +false +vault +false +Persistent +\\d+s',
        ],
        ['csinode', 'NAME +DRIVERS +AGE', '127.0.0.1 +1 +\\d+s'],
        ['vac', 'NAME +DRIVERNAME +AGE', 'gold +driver.example.com +\\d+s'],
        [
          'volumeattachment',
          'NAME +ATTACHER +PV +NODE +ATTACHED +AGE',
          'attached +driver.example.com +one +127.0.0.1 +false +\\d+s',
        ],
        ['csistoragecapacity', 'NAME +CREATED AT', 'capacity +\\d{4}-\\S+Z'],
      ] as const) {
        assert.match(await kubectl.ok(`get ${resource}`), new RegExp(`^${header}\\n${row}$`));
        await kubectl.ok(`describe ${resource}`);
      }
      await kubectl.ok('delete -f -', { input: CLUSTER_STORAGE });
      await kubectl.ok('delete csistoragecapacity capacity');
    });
  });
});
