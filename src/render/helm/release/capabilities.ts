import { Struct, TypedSlice, type Value } from '../template/values.js';
import { HELM_API_VERSIONS } from './api-versions.js';

/** The Helm whose output this renderer gives. */
export const HELM_VERSION = 'v4.1.4';
const HELM_COMMIT = '05fa37973dc9e42b76e1d2883494c87174b6074f';
const HELM_GO_VERSION = 'go1.25.9';
const HELM_CLIENT_VERSION = 'v1.35';
/** The Kubernetes version that Helm takes where none is given: that of its client library. */
export const DEFAULT_KUBE_VERSION = 'v1.35.0';

export interface KubeVersion {
  /** As given: `v1.33.4-gke.1245000`. */
  readonly version: string;
  /** Without suffix: `v1.33.4`. */
  readonly normalized: string;
  readonly major: string;
  readonly minor: string;
}

/** Reads a Kubernetes version; an error text when it is none. */
export const parseKubeVersion = (text: string): KubeVersion | string => {
  const match = /^v?([0-9]+(?:\.[0-9]+)*)([^0-9.].*|\..*)?$/.exec(text.trim());
  const digits = match?.[1];
  if (digits === undefined) return `could not parse ${JSON.stringify(text)} as version`;
  const parts = digits.split('.');
  if (parts.length < 2) return `illegal version string ${JSON.stringify(text)}`;
  if (parts.some((part) => part.length > 1 && part.startsWith('0'))) {
    return `illegal zero-prefixed version component ${JSON.stringify(parts.find((part) => part.length > 1 && part.startsWith('0')))} in ${JSON.stringify(text)}`;
  }
  const [major = '0', minor = '0', patch = '0'] = parts;
  const normalized = `v${parts.length === 2 ? `${major}.${minor}` : [major, minor, patch, ...parts.slice(3)].join('.')}`;
  return { version: text.startsWith('v') ? text : `v${text}`, normalized, major, minor };
};

const method = (call: (receiver: Struct) => Value) => ({ params: [], call });

const kubeVersionStruct = (kube: KubeVersion): Struct => {
  const fields = new Map<string, Value>([
    ['Version', kube.version],
    ['normalizedVersion', kube.normalized],
    ['Major', kube.major],
    ['Minor', kube.minor],
  ]);
  const methods = { String: method(() => kube.normalized), GitVersion: method(() => kube.version) };
  const json = (): Value => exported(fields);
  return new Struct('common.KubeVersion', fields, methods, undefined, undefined, json, () => kube.normalized);
};

const exported = (fields: ReadonlyMap<string, Value>): Value =>
  new Struct('', new Map([...fields].filter(([name]) => /^[A-Z]/.test(name))));

const HAS = {
  Has: {
    params: ['string'],
    call: (versions: TypedSlice, [wanted]: readonly Value[]) => versions.items.includes(wanted),
  },
} as const;

/** `.Capabilities.APIVersions`. */
const versionSet = (names: readonly string[]): TypedSlice =>
  new TypedSlice('string', [...names], 'common.VersionSet', HAS);

const HELM_FIELDS: readonly (readonly [string, string, string])[] = [
  ['Version', 'version', HELM_VERSION],
  ['GitCommit', 'git_commit', HELM_COMMIT],
  ['GitTreeState', 'git_tree_state', 'clean'],
  ['GoVersion', 'go_version', HELM_GO_VERSION],
  ['KubeClientVersion', 'kube_client_version', HELM_CLIENT_VERSION],
];

const helmVersionStruct = (): Struct => {
  const json = new Struct('', new Map(HELM_FIELDS.map(([, name, value]) => [name, value])));
  const fields = new Map(HELM_FIELDS.map(([name, , value]) => [name, value]));
  return new Struct('version.BuildInfo', fields, {}, undefined, undefined, () => json);
};

/** `.Capabilities`. */
export const capabilities = (kube: KubeVersion, apiVersions: readonly string[]): Struct =>
  new Struct(
    '*common.Capabilities',
    new Map<string, Value>([
      ['KubeVersion', kubeVersionStruct(kube)],
      ['APIVersions', versionSet([...HELM_API_VERSIONS, ...apiVersions])],
      ['HelmVersion', helmVersionStruct()],
    ]),
  );
