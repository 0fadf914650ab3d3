/** One good object of many kinds, and where it is created: what is made of them is what malformed requests send. */
const podSpec = {
  containers: [
    {
      name: 'c',
      image: 'i',
      ports: [{ containerPort: 80 }],
      env: [{ name: 'A', value: 'b' }],
      resources: { requests: { cpu: '100m' }, limits: { memory: '1Gi' } },
      livenessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 5 },
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    },
  ],
  volumes: [{ name: 'v', emptyDir: {} }],
  tolerations: [{ key: 'k', operator: 'Exists' }],
};
const labels = { a: 'b' };
const selector = { matchLabels: labels };
const template = { metadata: { labels }, spec: podSpec };

const DEFAULT = '/namespaces/default';

type Seed = readonly [path: string, object: { readonly metadata: { readonly name: string } }];

const core = (plural: string, kind: string, name: string, rest: object): Seed => [
  `/api/v1${DEFAULT}/${plural}`,
  { apiVersion: 'v1', kind, metadata: { name }, ...rest } as Seed[1],
];

const grouped = (
  apiVersion: string,
  plural: string,
  kind: string,
  name: string,
  rest: object,
  where = DEFAULT,
): Seed => [`/apis/${apiVersion}${where}/${plural}`, { apiVersion, kind, metadata: { name }, ...rest } as Seed[1]];

const webhook = {
  name: 'hook.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { url: 'https://127.0.0.1:1/' },
  rules: [{ apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] }],
  matchConditions: [{ name: 'never', expression: 'false' }],
};

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
        names: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, 'x-kubernetes-list-type': 'set' },
      },
      'x-kubernetes-validations': [{ rule: 'self.size < 9', message: 'too large' }],
    },
  },
};

export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels },
  spec: podSpec,
};

/** The definition comes before its object. */
export const SEEDS: readonly Seed[] = [
  core('pods', 'Pod', 'p', { metadata: { name: 'p', labels }, spec: podSpec }),
  grouped('apps/v1', 'deployments', 'Deployment', 'd', { spec: { replicas: 1, selector, template } }),
  grouped('apps/v1', 'statefulsets', 'StatefulSet', 'sts', { spec: { serviceName: 's', selector, template } }),
  grouped('apps/v1', 'daemonsets', 'DaemonSet', 'ds', { spec: { selector, template } }),
  grouped('batch/v1', 'jobs', 'Job', 'j', { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } }),
  grouped('batch/v1', 'cronjobs', 'CronJob', 'cj', {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
    },
  }),
  core('services', 'Service', 's', { spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] } }),
  core('configmaps', 'ConfigMap', 'cm', { data: { a: 'b' }, binaryData: { c: 'AAAA' } }),
  core('secrets', 'Secret', 'sec', { type: 'Opaque', data: { a: 'AAAA' }, stringData: { b: 'c' } }),
  core('serviceaccounts', 'ServiceAccount', 'sa', { imagePullSecrets: [{ name: 'x' }] }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', 'pvc', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  core('limitranges', 'LimitRange', 'lr', { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } }),
  core('resourcequotas', 'ResourceQuota', 'rq', { spec: { hard: { 'count/none.example.com': '5' } } }),
  core('endpoints', 'Endpoints', 'ep', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1 }] }] }),
  grouped('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'hpa', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  }),
  grouped('networking.k8s.io/v1', 'ingresses', 'Ingress', 'ing', {
    spec: {
      rules: [
        {
          host: 'a.example',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
          },
        },
      ],
    },
  }),
  grouped('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', 'np', {
    spec: { podSelector: selector, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80 }] }] },
  }),
  grouped('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', 'pdb', {
    spec: { minAvailable: '50%', selector },
  }),
  grouped('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', 'eps', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'a', port: 80 }],
  }),
  grouped('coordination.k8s.io/v1', 'leases', 'Lease', 'l', { spec: { holderIdentity: 'x', leaseDurationSeconds: 5 } }),
  grouped('rbac.authorization.k8s.io/v1', 'roles', 'Role', 'r', {
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  }),
  grouped('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', 'rb', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
  }),
  grouped('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', 'pc', { value: 5 }, ''),
  grouped('storage.k8s.io/v1', 'storageclasses', 'StorageClass', 'sc', { provisioner: 'example.com/p' }, ''),
  grouped(
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    'vwc',
    { webhooks: [webhook] },
    '',
  ),
  grouped(
    'apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    'things.fuzz.example.com',
    {
      spec: {
        group: 'fuzz.example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
    '',
  ),
  grouped('fuzz.example.com/v1', 'things', 'Thing', 't', { spec: { size: 3, names: ['a'] } }),
];
