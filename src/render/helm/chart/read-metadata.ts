import type { Value } from '../template/values.js';
import { Integer } from '../template/values.js';
import { readYaml } from '../yaml/yaml-reader.js';
import { YamlError } from '../yaml/yaml-error.js';
import type { Lock } from './chart.js';
import { ChartError } from './chart-error.js';
import { StructReader, WrongKind } from './decode-struct.js';
import type { Dependency, Metadata } from './metadata.js';

/** Reads YAML into whatever `decode` makes of it; errors get the texts of sigs.k8s.io/yaml. */
export const decodeYaml = <T>(text: string, decode: (value: Value) => T): T => {
  try {
    return decode(readYaml(text, { typed: true }));
  } catch (error) {
    if (error instanceof YamlError) throw new ChartError(`error converting YAML to JSON: ${error.message}`);
    if (error instanceof WrongKind) {
      throw new ChartError(`error unmarshaling JSON: while decoding JSON: ${error.message}`);
    }
    throw error;
  }
};

/** JSON makes float64 of every number. */
export const withFloats = (value: Value): Value => {
  if (value instanceof Integer) return value.toNumber();
  if (Array.isArray(value)) return value.map(withFloats);
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, withFloats(item)])) : value;
};

const readDependency = (value: Value): Dependency | null => {
  if (value === null || value === undefined) return null;
  const fields = new StructReader('v2.Dependency', value, 'dependencies.');
  return {
    name: fields.text('name'),
    version: fields.text('version'),
    repository: fields.text('repository'),
    condition: fields.text('condition'),
    tags: fields.texts('tags'),
    enabled: fields.flag('enabled'),
    importValues: fields.list('import-values', '[]interface {}').map(withFloats),
    alias: fields.text('alias'),
  };
};

const readMaintainer = (value: Value): Metadata['maintainers'][number] => {
  if (value === null || value === undefined) return null;
  const fields = new StructReader('v2.Maintainer', value, 'maintainers.');
  return { name: fields.text('name'), email: fields.text('email'), url: fields.text('url') };
};

const readDependencies = (fields: StructReader): Metadata['dependencies'] =>
  fields.has('dependencies') ? fields.list('dependencies', '[]*v2.Dependency').map(readDependency) : undefined;

/** Chart.yaml. Throws ChartError. */
export const readMetadata = (text: string): Metadata =>
  decodeYaml(text, (value) => {
    const fields = new StructReader('v2.Metadata', value);
    return {
      name: fields.text('name'),
      home: fields.text('home'),
      sources: fields.texts('sources'),
      version: fields.text('version'),
      description: fields.text('description'),
      keywords: fields.texts('keywords'),
      maintainers: fields.list('maintainers', '[]*v2.Maintainer').map(readMaintainer),
      icon: fields.text('icon'),
      apiVersion: fields.text('apiVersion'),
      condition: fields.text('condition'),
      tags: fields.text('tags'),
      appVersion: fields.text('appVersion'),
      deprecated: fields.flag('deprecated'),
      annotations: fields.has('annotations') ? fields.textMap('annotations') : undefined,
      kubeVersion: fields.text('kubeVersion'),
      dependencies: readDependencies(fields),
      type: fields.text('type'),
    };
  });

/** requirements.yaml of charts from before Helm 3 is read over Chart.yaml. */
export const readRequirements = (text: string, metadata: Metadata): void => {
  const dependencies = decodeYaml(text, (value) => readDependencies(new StructReader('v2.Metadata', value)));
  if (dependencies !== undefined) metadata.dependencies = dependencies;
};

/** Chart.lock or requirements.lock. */
export const readLock = (text: string): Lock =>
  decodeYaml(text, (value) => {
    const fields = new StructReader('v2.Lock', value);
    const dependencies = fields.list('dependencies', '[]*v2.Dependency').map(readDependency);
    return { digest: fields.text('digest'), dependencies: dependencies.filter((dependency) => dependency !== null) };
  });
