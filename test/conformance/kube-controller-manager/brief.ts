type Fields = Record<string, unknown>;

/** What controllers write into specifications; the rest of them is as the story gave it. */
const WRITTEN: ReadonlySet<string> = new Set([
  'claimRef',
  'completions',
  'finalizers',
  'hostname',
  'nodeName',
  'parallelism',
  'replicas',
  'subdomain',
  'suspend',
  'taints',
  'unschedulable',
  'volumeName',
]);

/** What the kubelet alone writes into the status of a pod; stories play it. */
const OF_KUBELET: ReadonlySet<string> = new Set([
  'ContainersReady',
  'Initialized',
  'PodScheduled',
  'Ready',
  'containerStatuses',
  'hostIP',
  'podIP',
  'podIPs',
  'qosClass',
  'startTime',
]);

/** Values that say nothing where only their presence counts. */
const TOPLEVEL: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status', 'data']);

/**
 * What controllers have to do with an object: whose it is, how it is marked, what was written into its specification,
 * and its status, each condition as one line.
 */
export const briefOf = (object: Fields): Fields => {
  const { kind, metadata, spec, status, data } = object;
  const { name, labels, annotations, finalizers, ownerReferences, deletionTimestamp } = fieldsOf(metadata);
  const others = Object.entries(object).filter(([key]) => !TOPLEVEL.has(key));
  return present({
    [String(kind)]: name,
    owners: listOf(ownerReferences)?.map(ownerLine),
    labels,
    annotations,
    finalizers,
    deleted: deletionTimestamp === undefined ? undefined : true,
    spec: present(Object.fromEntries(Object.entries(fieldsOf(spec)).filter(([key]) => WRITTEN.has(key)))),
    data: kind === 'ConfigMap' ? data : kind === 'Secret' ? Object.keys(fieldsOf(data)).sort() : undefined,
    ...Object.fromEntries(others),
    status: statusOf(String(kind), fieldsOf(status)),
  });
};

const statusOf = (kind: string, status: Fields): Fields => {
  const isPlayed = (name: string): boolean => kind === 'Pod' && OF_KUBELET.has(name);
  const kept = Object.entries(status).filter(([key]) => key !== 'conditions' && !isPlayed(key));
  const conditions = listOf(status['conditions'])?.filter(({ type }) => !isPlayed(String(type)));
  return present({ ...Object.fromEntries(kept), conditions: conditions?.map(conditionLine) });
};

/** Whether the controller was told of the status of a new ReplicaSet before it looked again is up to chance. */
const BY_CHANCE: ReadonlySet<unknown> = new Set(['NewReplicaSetCreated', 'ReplicaSetUpdated']);

const conditionLine = ({ type, status, reason, message }: Fields): string => {
  if (BY_CHANCE.has(reason)) return `${String(type)}=${String(status)} by a new ReplicaSet`;
  return conditionText(String(type), String(status), reason, message);
};

const conditionText = (type: string, status: string, ...said: readonly unknown[]): string =>
  [`${type}=${status}`, ...said.filter((part) => part !== undefined && part !== '')].join(' ');

const ownerLine = ({ kind, name, controller, blockOwnerDeletion }: Fields): string =>
  [kind, name, ...(controller === true ? ['controller'] : []), ...(blockOwnerDeletion === true ? ['blocks'] : [])].join(
    ' ',
  );

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !isEmpty(value)));

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const listOf = (value: unknown): readonly Fields[] | undefined =>
  Array.isArray(value) ? (value as Fields[]) : undefined;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
