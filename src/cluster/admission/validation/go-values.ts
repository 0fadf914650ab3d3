import { isRecord } from '../../../objects/json.js';
import { SCALAR_ZERO } from '../../../objects/schema/canonical.js';
import {
  resolveType,
  type SchemaType,
  type StructField,
  type StructType,
} from '../../../objects/schema/schema-table.js';

/** How messages of Kubernetes show a value: as the API serves it, or as the server holds it, with the names of Go. */
type Form = 'served' | 'internal';

const ZEROS: Readonly<Record<string, unknown>> = { ...SCALAR_ZERO, bytes: undefined, Time: null, MicroTime: null };

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

const goName = (name: string): string =>
  GO_NAMES[name] ??
  (/^(?:api|ip|url|uid|dns|tls|cidr|cel)(?=[A-Z]|s?$)/.test(name)
    ? name.replace(/^[a-z]+?(?=[A-Z]|s?$)/, (word) => word.toUpperCase())
    : `${name.charAt(0).toUpperCase()}${name.slice(1)}`);

/** The order in which Kubernetes' inner forms have the fields that its API has elsewhere. */
const INNER_ORDER: Readonly<Record<string, readonly string[]>> = {
  'core/v1.PodSpec': (
    'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds ' +
    'activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName automountServiceAccountToken ' +
    'nodeName securityContext imagePullSecrets hostname subdomain setHostnameAsFQDN affinity ' +
    'schedulerName tolerations hostAliases priorityClassName priority preemptionPolicy dnsConfig ' +
    'readinessGates runtimeClassName overhead enableServiceLinks topologySpreadConstraints os ' +
    'schedulingGates resourceClaims resources hostnameOverride workloadRef'
  ).split(' '),
  'core/v1.PersistentVolumeSource': (
    'gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume cinder ' +
    'cephfs fc flocker azureFile vsphereVolume azureDisk photonPersistentDisk portworxVolume scaleIO local ' +
    'storageos csi'
  ).split(' '),
};

/** What Go writes for a field that nothing set; undefined where it writes nothing. */
const absent = (field: StructField, form: Form): unknown => {
  const { resolved } = field;
  if (field.pointer === true) return form === 'internal' ? null : undefined;
  if (resolved.shape === 'struct') return inForm({}, resolved, form);
  if (form === 'served' && !field.written) return undefined;
  return resolved.shape === 'scalar' ? (ZEROS[resolved.scalar] ?? null) : null;
};

/** What a pod shares with its node is part of its security context inside Kubernetes. */
const SHARED = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

const withShared = (form: Record<string, unknown>, spec: Readonly<Record<string, unknown>>): unknown => {
  const context = form['SecurityContext'];
  if (!isRecord(context)) return form;
  const shared = Object.fromEntries(SHARED.map((name) => [`H${name.slice(1)}`, spec[name] ?? false]));
  const { shareProcessNamespace = null, hostUsers = null } = spec;
  const others = { ShareProcessNamespace: shareProcessNamespace, HostUsers: hostUsers };
  return { ...form, SecurityContext: { ...shared, ...others, ...context } };
};

const structInForm = (value: Readonly<Record<string, unknown>>, type: StructType, asked: Form): unknown => {
  // The types that all groups share have one form.
  const form = type.name.startsWith('meta/') ? 'served' : asked;
  const shown: Record<string, unknown> = {};
  const names = form === 'internal' ? INNER_ORDER[type.name] : undefined;
  for (const name of names ?? type.fields.keys()) {
    const field = type.fields.get(name);
    if (field === undefined) continue;
    const given = value[name] ?? undefined;
    const inner = given === undefined ? absent(field, form) : inForm(given, field.resolved, form);
    // Metadata is embedded in Go: its fields stand in its place.
    if (form === 'internal' && name === 'metadata' && isRecord(inner)) Object.assign(shown, inner);
    else if (inner !== undefined) shown[form === 'internal' ? goName(name) : name] = inner;
  }
  return form === 'internal' && type.name === 'core/v1.PodSpec' ? withShared(shown, value) : shown;
};

const inForm = (value: unknown, type: SchemaType, form: Form): unknown => {
  if (type.shape === 'struct') return isRecord(value) ? structInForm(value, type, form) : value;
  if (type.shape === 'list') {
    return Array.isArray(value) ? value.map((element) => inForm(element ?? {}, type.element, form)) : value;
  }
  if (type.shape !== 'map' || !isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, inForm(value[key], type.value, form)]));
};

/** A value of a type of the field tables (`meta/v1.LabelSelector`) as a message shows it: in order, with required zeros. */
export const served = (type: string, value: unknown): unknown =>
  value === undefined ? null : inForm(value, resolveType(type), 'served');

/** The same for a message that shows what the server holds: every field, by its name in Go. */
export const internal = (type: string, value: unknown): unknown =>
  value === undefined ? null : inForm(value, resolveType(type), 'internal');

export const shownSelector = (selector: unknown): unknown => served('meta/v1.LabelSelector', selector);
