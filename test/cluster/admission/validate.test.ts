import assert from 'node:assert/strict';
import { applyDefaults } from '../../../src/cluster/admission/defaulting/apply-defaults.js';
import type { FieldError } from '../../../src/cluster/admission/field-errors.js';
import { validateCreate, validateUpdate } from '../../../src/cluster/admission/validation/validate.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { resourceOfKind } from '../../../src/objects/schema/resource-table.js';
import { decodeObject } from '../../../src/objects/schema/validate-fields.js';

const make = (
  apiVersion: string,
  kind: string,
  fields: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): KubeObject => {
  const namespaced = resourceOfKind({ apiVersion, kind })?.namespaced === true;
  const object = {
    apiVersion,
    kind,
    metadata: { name: 'web', ...(namespaced ? { namespace: 'default' } : {}), uid: 'u1', ...metadata },
    ...fields,
  };
  return applyDefaults(decodeObject(object).object);
};
const lines = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const created = (...args: Parameters<typeof make>): string[] => lines(validateCreate(make(...args)));
const updated = (
  apiVersion: string,
  kind: string,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): string[] => lines(validateUpdate(make(apiVersion, kind, after), make(apiVersion, kind, before)));

const podSpec = { containers: [{ name: 'web', image: 'web:1' }] };
const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
const deployment = { spec: { selector: { matchLabels: { app: 'web' } }, template } };

/** A Job whose author takes care of the selector: the server makes no other without a uid. */
const selectingJob = (spec: object) => ({
  spec: {
    manualSelector: true,
    selector: { matchLabels: { app: 'x' } },
    template: { metadata: { labels: { app: 'x' } }, spec },
  },
});

describe('validateCreate', () => {
  const good: [apiVersion: string, kind: string, fields: Record<string, unknown>][] = [
    ['v1', 'Pod', { spec: podSpec }],
    ['v1', 'Service', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }],
    ['v1', 'Service', { spec: { clusterIP: 'None', clusterIPs: ['None'], selector: { app: 'web' } } }],
    ['v1', 'Service', { spec: { type: 'ExternalName', externalName: 'example.com' } }],
    ['v1', 'ConfigMap', { data: { 'a.txt': 'x' } }],
    ['v1', 'Secret', { stringData: { a: 'x' } }],
    ['v1', 'Namespace', {}],
    ['v1', 'Node', {}],
    ['v1', 'ServiceAccount', {}],
    [
      'v1',
      'PersistentVolumeClaim',
      { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    ],
    [
      'v1',
      'PersistentVolume',
      { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } } },
    ],
    ['v1', 'LimitRange', { spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '100m' } }] } }],
    ['v1', 'ResourceQuota', { spec: { hard: { pods: '5', 'requests.cpu': '1' } } }],
    ['apps/v1', 'Deployment', deployment],
    ['apps/v1', 'ReplicaSet', deployment],
    ['apps/v1', 'DaemonSet', deployment],
    ['apps/v1', 'StatefulSet', { spec: { ...deployment.spec, serviceName: 'web' } }],
    [
      'apps/v1',
      'StatefulSet',
      {
        spec: {
          ...deployment.spec,
          template: {
            ...template,
            spec: { containers: [{ name: 'db', image: 'db', volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
    ],
    ['batch/v1', 'Job', selectingJob({ ...podSpec, restartPolicy: 'Never' })],
    [
      'batch/v1',
      'CronJob',
      {
        spec: {
          schedule: '*/5 0-6 * jan,mar sun',
          jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'OnFailure' } } } },
        },
      },
    ],
    [
      'networking.k8s.io/v1',
      'Ingress',
      {
        spec: {
          rules: [
            {
              host: '*.example.com',
              http: {
                paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
              },
            },
          ],
        },
      },
    ],
    [
      'networking.k8s.io/v1',
      'NetworkPolicy',
      { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] } },
    ],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
    ],
    ['policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: '50%', selector: {} } }],
    ['rbac.authorization.k8s.io/v1', 'Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }],
    [
      'rbac.authorization.k8s.io/v1',
      'RoleBinding',
      { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] },
    ],
    ['storage.k8s.io/v1', 'StorageClass', { provisioner: 'example.com/p' }],
    ['scheduling.k8s.io/v1', 'PriorityClass', { value: 5 }],
    ['coordination.k8s.io/v1', 'Lease', { spec: {} }],
    [
      'discovery.k8s.io/v1',
      'EndpointSlice',
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
    ],
  ];
  for (const [apiVersion, kind, fields] of good) {
    it(`accepts ${kind} ${JSON.stringify(fields).slice(0, 60)}`, () =>
      assert.deepEqual(created(apiVersion, kind, fields), []));
  }

  const bad: [apiVersion: string, kind: string, fields: Record<string, unknown>, expected: string[]][] = [
    ['v1', 'Pod', { spec: {} }, ['spec.containers: Required value']],
    [
      'v1',
      'Pod',
      {
        spec: {
          containers: [
            { name: 'a', image: '' },
            { name: 'a', image: 'x' },
          ],
        },
      },
      ['spec.containers[0].image: Required value', 'spec.containers[1].name: Duplicate value: "a"'],
    ],
    [
      'v1',
      'Pod',
      { spec: { ...podSpec, restartPolicy: 'Sometimes' } },
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'v1',
      'Pod',
      { spec: { containers: [{ name: 'a', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] } },
      ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'v1',
      'Pod',
      {
        spec: { containers: [{ name: 'a', image: 'x', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }] },
      },
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'v1',
      'Pod',
      { spec: { containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 70000 }] }] } },
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'v1',
      'Pod',
      { spec: { containers: [{ name: 'a', image: 'x', livenessProbe: {} }] } },
      ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    ],
    [
      'apps/v1',
      'Deployment',
      { spec: { template } },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'apps/v1',
      'Deployment',
      { spec: { ...deployment.spec, selector: {} } },
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'apps/v1',
      'Deployment',
      { spec: { ...deployment.spec, selector: { matchLabels: { app: 'db' } } } },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      'apps/v1',
      'Deployment',
      { spec: { ...deployment.spec, replicas: -1 } },
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'apps/v1',
      'Deployment',
      { spec: { ...deployment.spec, template: { ...template, spec: { ...podSpec, restartPolicy: 'Never' } } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'batch/v1',
      'Job',
      selectingJob(podSpec),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'batch/v1',
      'CronJob',
      {
        spec: {
          schedule: '61 * * * *',
          jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
        },
      },
      ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
    ],
    ['v1', 'Service', { spec: {} }, ['spec.ports: Required value']],
    [
      'v1',
      'Service',
      { spec: { ports: [{ port: 80 }, { port: 81 }] } },
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'v1',
      'Service',
      { spec: { ports: [{ port: 80, nodePort: 30000 }] } },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    ['v1', 'Secret', { type: 'kubernetes.io/tls' }, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['v1', 'ConfigMap', { data: { a: 'x'.repeat(2 ** 20 + 1) } }, ['[]: Too long: may not be more than 1048576 bytes']],
    [
      'networking.k8s.io/v1',
      'Ingress',
      { spec: { rules: [{ http: { paths: [{ path: '/' }] } }] } },
      ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
    ],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      { spec: { maxReplicas: 0, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } } },
      [
        'spec.maxReplicas: Required value: must be set and greater than 0',
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      ],
    ],
  ];
  for (const [apiVersion, kind, fields, expected] of bad) {
    it(`refuses ${kind}: ${expected[0]}`, () => assert.deepEqual(created(apiVersion, kind, fields), expected));
  }

  it('checks metadata', () => {
    assert.deepEqual(
      created('v1', 'Namespace', {}, { name: 'A' }).map((line) => line.slice(0, 40)),
      ['metadata.name: Invalid value: "A": a low'],
    );
    assert.deepEqual(
      created('v1', 'ConfigMap', {}, { labels: { 'a b': 'c' } }).map((line) => line.slice(0, 46)),
      ['metadata.labels: Invalid value: "a b": name pa'],
    );
    assert.deepEqual(created('v1', 'Node', {}, { namespace: 'x' }), [
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });
});

describe('endpoints on loopback addresses', () => {
  const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['127.64.0.1'] }] };
  const old = { subsets: [{ addresses: [{ ip: '127.64.0.1' }] }] };

  it('are refused from users', () => {
    const why = 'Invalid value: "127.64.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)';
    assert.deepEqual(created('discovery.k8s.io/v1', 'EndpointSlice', slice), [`endpoints[0].addresses[0]: ${why}`]);
    assert.deepEqual(created('v1', 'Endpoints', old), [`subsets[0].addresses[0].ip: ${why}`]);
  });

  it('are accepted of pods that are processes of this machine, and of the server', () => {
    const labels = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
    assert.deepEqual(created('discovery.k8s.io/v1', 'EndpointSlice', slice, { labels }), []);
    const legacy = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    assert.deepEqual(created('v1', 'Endpoints', old, { labels: legacy }), []);
    assert.deepEqual(created('v1', 'Endpoints', old, { name: 'kubernetes' }), []);
  });
});

describe('validateUpdate', () => {
  it('keeps selectors, types and templates as they were', () => {
    const other = {
      spec: {
        selector: { matchLabels: { app: 'db' } },
        template: { ...template, metadata: { labels: { app: 'db' } } },
      },
    };
    assert.deepEqual(updated('apps/v1', 'Deployment', deployment, other), [
      'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable',
    ]);
    assert.deepEqual(updated('v1', 'Secret', { type: 'a' }, { type: 'b' }), [
      'type: Invalid value: "b": field is immutable',
    ]);
    assert.deepEqual(
      updated('v1', 'ConfigMap', { immutable: true, data: { a: '1' } }, { immutable: true, data: { a: '2' } }),
      ['data: Forbidden: field is immutable when `immutable` is set'],
    );
    const stateful = { spec: { ...deployment.spec, serviceName: 'web' } };
    assert.match(
      updated('apps/v1', 'StatefulSet', stateful, { spec: { ...deployment.spec, serviceName: 'x' } })[0] ?? '',
      /^spec: Forbidden: updates to statefulset spec/,
    );
    const job = (image: string) => selectingJob({ containers: [{ name: 'a', image }], restartPolicy: 'Never' });
    assert.match(
      updated('batch/v1', 'Job', job('a'), job('b'))[0] ?? '',
      /^spec\.template: Invalid value: .*: field is immutable$/,
    );
  });

  it('lets a pod change its images and nothing else', () => {
    assert.deepEqual(
      updated('v1', 'Pod', { spec: podSpec }, { spec: { containers: [{ name: 'web', image: 'web:2' }] } }).filter(
        (line) => !line.includes('imagePullPolicy'),
      ),
      [],
    );
    assert.match(
      updated('v1', 'Pod', { spec: podSpec }, { spec: { ...podSpec, nodeName: 'n' } })[0] ?? '',
      /^spec: Forbidden: pod updates may not change fields other than/,
    );
    assert.deepEqual(
      updated(
        'v1',
        'Pod',
        { spec: podSpec },
        { spec: { containers: [...podSpec.containers, { name: 'b', image: 'b:1' }] } },
      ),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    );
  });

  it('checks metadata alone through the status subresource', () => {
    const object = make('apps/v1', 'Deployment', deployment);
    const broken = { ...object, spec: {} };
    assert.deepEqual(validateUpdate(broken, object, 'status'), []);
  });

  it('refuses new finalizers on an object that is being deleted', () => {
    const old = make('v1', 'ConfigMap', {}, { deletionTimestamp: '2024-01-01T00:00:00Z', finalizers: ['a/b'] });
    const object = { ...old, metadata: { ...old.metadata, finalizers: ['a/b', 'c/d'] } };
    assert.deepEqual(Array.from(new Set(lines(validateUpdate(object, old)))), [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ]);
  });
});
