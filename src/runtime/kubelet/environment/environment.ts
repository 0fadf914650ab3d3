import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  Pod,
  Secret,
  Service,
} from '../../../objects/kinds/core-v1.js';
import { StartFailure } from '../errors.js';
import { expandReferences } from './expansion.js';
import { fieldValue } from './field-value.js';
import { resourceFieldValue } from './resource-field-value.js';
import type { Variable } from './service-variables.js';
import { addressVariables, serviceVariables } from './service-variables.js';

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  readonly nodeAllocatable: Readonly<Record<string, string | number>>;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  /** Services of the pod's namespace. */
  readonly services: readonly Service[];
  /** Where pods reach the API server. */
  readonly apiServer: { readonly host: string; readonly port: number } | undefined;
  /** The pod has no network of its own: tell it which address to listen on (`HOST`, `POD_IP`). */
  readonly tellAddress: boolean;
}

/**
 * The variables of a container, in the order of Kubernetes: envFrom, env (later ones win), then Services. Throws
 * StartFailure `CreateContainerConfigError` for a ConfigMap, Secret or key that is missing and not optional.
 */
export const containerEnvironment = (input: EnvironmentInput): readonly { name: string; value: string }[] => {
  const result = new Map<string, string>();
  const given = new Map([...addressOf(input), ...serviceEnvironment(input)]);
  for (const source of input.container.envFrom ?? []) {
    for (const [key, value] of valuesFrom(input, source)) result.set(`${source.prefix ?? ''}${key}`, value);
  }
  const lookup = (name: string): string | undefined => result.get(name) ?? given.get(name);
  for (const variable of input.container.env ?? []) {
    const value = variableValue(input, variable, lookup);
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of given) if (!result.has(name)) result.set(name, value);
  return [...result].map(([name, value]) => ({ name, value }));
};

const addressOf = (input: EnvironmentInput): readonly Variable[] => {
  const [ip] = input.podIps;
  if (!input.tellAddress || ip === undefined) return [];
  return [
    ['HOST', ip],
    ['POD_IP', ip],
  ];
};

const serviceEnvironment = (input: EnvironmentInput): readonly Variable[] => {
  const linked = input.pod.spec.enableServiceLinks === false ? [] : input.services;
  // The API server is told apart, in every namespace.
  const links = linked.filter((service) => !isApiServer(service)).flatMap(serviceVariables);
  if (input.apiServer === undefined) return links;
  const { host, port } = input.apiServer;
  return [...links, ...addressVariables('kubernetes', host, [{ name: 'https', port, protocol: 'TCP' }])];
};

const isApiServer = ({ metadata }: Service): boolean =>
  metadata.name === 'kubernetes' && metadata.namespace === 'default';

const configError = (message: string): StartFailure => new StartFailure('CreateContainerConfigError', message);

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

const valuesFrom = (input: EnvironmentInput, source: EnvFromSource): readonly Variable[] => {
  if (source.configMapRef !== undefined) {
    const { name = '', optional } = source.configMapRef;
    const found = input.configMap(name);
    if (found === undefined && optional !== true) throw configError(`configmap "${name}" not found`);
    return Object.entries(found?.data ?? {});
  }
  if (source.secretRef !== undefined) {
    const { name = '', optional } = source.secretRef;
    const found = input.secret(name);
    if (found === undefined && optional !== true) throw configError(`secret "${name}" not found`);
    return Object.entries(found?.data ?? {}).map(([key, value]): Variable => [key, decode(value)]);
  }
  return [];
};

/** Undefined for an optional reference to something that is not there: the variable is not set. */
const variableValue = (
  input: EnvironmentInput,
  variable: EnvVar,
  lookup: (name: string) => string | undefined,
): string | undefined => {
  if (variable.valueFrom === undefined) return expandReferences(variable.value ?? '', lookup);
  return referencedValue(input, variable.valueFrom);
};

const referencedValue = (input: EnvironmentInput, source: EnvVarSource): string | undefined => {
  if (source.fieldRef !== undefined) {
    const value = fieldValue(input, source.fieldRef.fieldPath);
    if (value === undefined) throw configError(`unsupported fieldPath: ${source.fieldRef.fieldPath}`);
    return value;
  }
  if (source.resourceFieldRef !== undefined) {
    return resourceFieldValue(input.pod, input.container, source.resourceFieldRef, input.nodeAllocatable);
  }
  if (source.configMapKeyRef !== undefined) return configMapValue(input, source.configMapKeyRef);
  if (source.secretKeyRef !== undefined) return secretValue(input, source.secretKeyRef);
  throw configError('a variable with an empty or unsupported valueFrom');
};

interface KeyReference {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

const configMapValue = (input: EnvironmentInput, reference: KeyReference): string | undefined => {
  const { name = '', key, optional } = reference;
  const found = input.configMap(name);
  if (found === undefined) {
    if (optional === true) return undefined;
    throw configError(`configmap "${name}" not found`);
  }
  const value = found.data?.[key];
  if (value === undefined && optional !== true) {
    throw configError(`couldn't find key ${key} in ConfigMap ${input.pod.metadata.namespace}/${name}`);
  }
  return value;
};

const secretValue = (input: EnvironmentInput, reference: KeyReference): string | undefined => {
  const { name = '', key, optional } = reference;
  const found = input.secret(name);
  if (found === undefined) {
    if (optional === true) return undefined;
    throw configError(`secret "${name}" not found`);
  }
  const value = found.data?.[key];
  if (value === undefined && optional !== true) {
    throw configError(`couldn't find key ${key} in Secret ${input.pod.metadata.namespace}/${name}`);
  }
  return value === undefined ? undefined : decode(value);
};
