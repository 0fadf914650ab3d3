import assert from 'node:assert/strict';
import { applyDefaults } from '../../../src/cluster/admission/defaulting/apply-defaults.js';
import { defaultPullPolicy } from '../../../src/cluster/admission/defaulting/pull-policy.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { builtinResources } from '../../../src/objects/schema/resource-table.js';

const object = (apiVersion: string, kind: string, fields: Record<string, unknown>): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'default' },
  ...fields,
});
const defaulted = (apiVersion: string, kind: string, spec: Record<string, unknown>): unknown =>
  applyDefaults(object(apiVersion, kind, { spec }))['spec'];

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
const defaultedTemplate = {
  metadata: { labels: { app: 'x' } },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'nginx',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  },
};

describe('applyDefaults', () => {
  it('fills in a Deployment as a real server does', () => {
    assert.deepEqual(defaulted('apps/v1', 'Deployment', { selector: { matchLabels: { app: 'x' } }, template }), {
      selector: { matchLabels: { app: 'x' } },
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: defaultedTemplate,
    });
  });

  it('leaves a Recreate strategy and zero replicas alone', () => {
    const spec = defaulted('apps/v1', 'Deployment', { replicas: 0, strategy: { type: 'Recreate' }, template });
    assert.deepEqual(
      [(spec as Record<string, unknown>)['replicas'], (spec as Record<string, unknown>)['strategy']],
      [0, { type: 'Recreate' }],
    );
  });

  it('makes requests of limits, probes whole, volumes real, and links services in a Pod', () => {
    const spec = defaulted('v1', 'Pod', {
      containers: [
        {
          name: 'c',
          image: 'reg:5000/a/b:1',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100u' } },
          livenessProbe: { httpGet: { port: 80 } },
          env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
        },
      ],
      volumes: [{ name: 'tmp' }, { name: 's', secret: { secretName: 's' } }, { name: 'h', hostPath: { path: '/x' } }],
      serviceAccount: 'robot',
      hostNetwork: true,
    });
    assert.deepEqual(spec, {
      containers: [
        {
          name: 'c',
          image: 'reg:5000/a/b:1',
          imagePullPolicy: 'IfNotPresent',
          ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1m', memory: '1Gi' } },
          livenessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          env: [{ name: 'NODE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } }],
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 's', secret: { secretName: 's', defaultMode: 420 } },
        { name: 'h', hostPath: { path: '/x', type: '' } },
      ],
      serviceAccount: 'robot',
      serviceAccountName: 'robot',
      hostNetwork: true,
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    });
  });

  it('fills in a LoadBalancer Service with client affinity', () => {
    assert.deepEqual(
      defaulted('v1', 'Service', { type: 'LoadBalancer', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] }),
      {
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        externalTrafficPolicy: 'Cluster',
        internalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
      },
    );
  });

  it('fills in a Job and takes its labels from the template', () => {
    const job = applyDefaults(object('batch/v1', 'Job', { spec: { template } }));
    assert.deepEqual(job.metadata.labels, { app: 'x' });
    const { template: _, ...spec } = job['spec'] as Record<string, unknown>;
    assert.deepEqual(spec, {
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      manualSelector: false,
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    });
  });

  it('turns stringData into data', () => {
    const secret = applyDefaults(
      object('v1', 'Secret', { data: { a: 'eA==', b: 'eA==' }, stringData: { b: 'héllo' } }),
    );
    assert.deepEqual(
      [secret['type'], secret['data'], secret['stringData']],
      ['Opaque', { a: 'eA==', b: 'aMOpbGxv' }, undefined],
    );
  });

  it('gives an autoscaler its metric and its behavior', () => {
    const spec = defaulted('autoscaling/v2', 'HorizontalPodAutoscaler', {
      maxReplicas: 3,
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    });
    assert.deepEqual((spec as { behavior: { scaleDown: unknown } }).behavior.scaleDown, {
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      stabilizationWindowSeconds: 60,
    });
  });

  it('is idempotent and never changes its argument, for every kind', () => {
    for (const { apiVersion, kind } of builtinResources) {
      const original = object(apiVersion, kind, {});
      const text = JSON.stringify(original);
      const once = applyDefaults(original);
      assert.equal(JSON.stringify(original), text);
      assert.deepEqual(applyDefaults(once), once, kind);
    }
  });

  it('leaves other kinds alone', () => {
    const widget = object('example.com/v1', 'Widget', { spec: {} });
    assert.equal(applyDefaults(widget), widget);
  });
});

describe('defaultPullPolicy', () => {
  for (const [image, policy] of [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['localhost:5000/nginx', 'Always'],
    ['nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
  ] as const) {
    it(`is ${policy} for ${image}`, () => assert.equal(defaultPullPolicy(image), policy));
  }
});
