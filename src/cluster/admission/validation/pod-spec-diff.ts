import { createRequire } from 'node:module';
import type * as textDiff from 'diff';
import { isRecord } from '../../../objects/json.js';
import type { EphemeralContainer, PodSpec } from '../../../objects/kinds/core-v1.js';
import { resolveType, typeOfKind, type SchemaType, type StructType } from '../../../objects/schema/schema-table.js';

/** Loaded with the first refused change of a pod: a start without it is faster. */
const load = createRequire(import.meta.url);

/** Fields whose names in Go are not those of JSON with a capital. */
const GO_NAMES: Readonly<Record<string, string>> = {
  apiGroup: 'APIGroup',
  apiVersion: 'APIVersion',
  awsElasticBlockStore: 'AWSElasticBlockStore',
  cephfs: 'CephFS',
  csi: 'CSI',
  dnsConfig: 'DNSConfig',
  dnsPolicy: 'DNSPolicy',
  fc: 'FC',
  fsGroup: 'FSGroup',
  fsGroupChangePolicy: 'FSGroupChangePolicy',
  fsType: 'FSType',
  gcePersistentDisk: 'GCEPersistentDisk',
  gmsaCredentialSpec: 'GMSACredentialSpec',
  gmsaCredentialSpecName: 'GMSACredentialSpecName',
  grpc: 'GRPC',
  httpGet: 'HTTPGet',
  httpHeaders: 'HTTPHeaders',
  ip: 'IP',
  iscsi: 'ISCSI',
  nfs: 'NFS',
  os: 'OS',
  rbd: 'RBD',
  scaleIO: 'ScaleIO',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  seLinuxOptions: 'SELinuxOptions',
  storageos: 'StorageOS',
  tcpSocket: 'TCPSocket',
  tty: 'TTY',
};

const goName = (name: string): string => GO_NAMES[name] ?? name.slice(0, 1).toUpperCase() + name.slice(1);

/** The order in which Kubernetes' inner form of a pod has the fields that its API has elsewhere. */
const INNER_ORDER: Readonly<Record<string, readonly string[]>> = {
  'core/v1.PodSpec': (
    'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds ' +
    'activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName automountServiceAccountToken ' +
    'nodeName securityContext imagePullSecrets hostname subdomain setHostnameAsFQDN affinity ' +
    'schedulerName tolerations hostAliases priorityClassName priority preemptionPolicy dnsConfig ' +
    'readinessGates runtimeClassName overhead enableServiceLinks topologySpreadConstraints os ' +
    'schedulingGates resourceClaims resources hostnameOverride workloadRef'
  ).split(' '),
};

const ZEROS: Readonly<Record<string, unknown>> = { string: '', bool: false, Quantity: '0', Duration: '0s' };
const NUMBERS: ReadonlySet<string> = new Set(['int32', 'int64', 'float64', 'IntOrString']);

const zero = (type: SchemaType): unknown => {
  if (type.shape === 'struct') return goForm({}, type);
  if (type.shape !== 'scalar') return null;
  return NUMBERS.has(type.scalar) ? 0 : (ZEROS[type.scalar] ?? null);
};

/** A value as Go's JSON writes a struct without JSON names: every field, in the order of the declaration. */
const goForm = (value: unknown, type: SchemaType): unknown => {
  if (value === undefined || value === null) return null;
  if (type.shape === 'list') return Array.isArray(value) ? value.map((each) => goForm(each, type.element)) : null;
  if (!isRecord(value)) return value;
  if (type.shape === 'map') {
    const keys = Object.keys(value).sort();
    return Object.fromEntries(keys.map((key) => [key, goForm(value[key], type.value)]));
  }
  return type.shape === 'struct' ? goStruct(value, type) : value;
};

const goStruct = (value: Readonly<Record<string, unknown>>, type: StructType): Record<string, unknown> => {
  const names = INNER_ORDER[type.name] ?? [...type.fields.keys()];
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const field = type.fields.get(name);
    if (field === undefined) continue;
    const absent = value[name] === undefined || value[name] === null;
    const unset = field.pointer === true ? null : zero(field.resolved);
    result[goName(name)] = absent ? unset : goForm(value[name], field.resolved);
  }
  return result;
};

/** What a pod shares with its node is part of its security context inside Kubernetes. */
const SHARED = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

const innerForm = (spec: Readonly<Record<string, unknown>>): unknown => {
  const type = typeOfKind({ apiVersion: 'v1', kind: 'Pod' })?.fields.get('spec')?.resolved;
  if (type === undefined) return spec;
  const form = goForm(spec, type) as Record<string, unknown>;
  const shared = Object.fromEntries(SHARED.map((name) => [goName(name), spec[name] ?? false]));
  const { shareProcessNamespace = null, hostUsers = null } = spec;
  const others = { ShareProcessNamespace: shareProcessNamespace, HostUsers: hostUsers };
  const context = form['SecurityContext'];
  return { ...form, SecurityContext: isRecord(context) ? { ...shared, ...others, ...context } : context };
};

const linesOf = (form: unknown): string => `${JSON.stringify(form, undefined, 1)}\n`;

/** A unified diff of two forms: `-` is asked for, `+` is there. */
const diffOf = (asked: unknown, current: unknown): string => {
  const { structuredPatch } = load('diff') as typeof textDiff;
  const { hunks } = structuredPatch('', '', linesOf(asked), linesOf(current), undefined, undefined, { context: 3 });
  return hunks
    .flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...changed,
    ])
    .map((line) => `${line}\n`)
    .join('');
};

/** How two specs differ, in the form in which Kubernetes holds them. */
export const podSpecDiff = (asked: Partial<PodSpec>, current: Partial<PodSpec>): string =>
  diffOf(
    innerForm(asked as Readonly<Record<string, unknown>>),
    innerForm(current as Readonly<Record<string, unknown>>),
  );

/** The same for a container that joined a running pod. */
export const ephemeralContainerDiff = (asked: EphemeralContainer, current: EphemeralContainer): string => {
  const type = resolveType('core/v1.EphemeralContainer');
  return diffOf(goForm(asked, type), goForm(current, type));
};
