import { isPrintable } from '../template/quote.js';
import { goQuote } from '../template/quote.js';
import { nilStringMap, stringMap, type Value } from '../template/values.js';
import { isGoSpace } from '../functions/case.js';
import { basePath } from '../functions/paths.js';
import { parseVersion } from '../versions/version.js';
import { ChartError } from './chart-error.js';

export interface Maintainer {
  name: string;
  email: string;
  url: string;
}

export interface Dependency {
  name: string;
  version: string;
  repository: string;
  condition: string;
  tags: string[];
  enabled: boolean;
  importValues: Value[];
  alias: string;
}

/** Chart.yaml. Fields that are absent are empty, as in Go. */
export interface Metadata {
  name: string;
  home: string;
  sources: string[];
  version: string;
  description: string;
  keywords: string[];
  maintainers: (Maintainer | null)[];
  icon: string;
  apiVersion: string;
  condition: string;
  tags: string;
  appVersion: string;
  deprecated: boolean;
  annotations: ReadonlyMap<string, string> | undefined;
  kubeVersion: string;
  dependencies: (Dependency | null)[] | undefined;
  type: string;
}

const invalid = (message: string): ChartError => new ChartError(`validation: ${message}`);

/** Normalises spaces and drops what cannot be printed. */
const sanitize = (text: string): string =>
  /^[ -~]*$/.test(text) ? text : Array.from(text, (c) => (isGoSpace(c) ? ' ' : isPrintable(c) ? c : '')).join('');

const SANITIZED = ['name', 'description', 'home', 'icon', 'condition', 'tags', 'appVersion', 'kubeVersion'] as const;

/** Checks Chart.yaml by Helm's rules and tidies its texts. Throws ChartError. */
export const validateMetadata = (metadata: Metadata): void => {
  for (const field of SANITIZED) metadata[field] = sanitize(metadata[field]);
  metadata.sources = metadata.sources.map(sanitize);
  metadata.keywords = metadata.keywords.map(sanitize);
  const { name, version } = metadata;
  if (metadata.apiVersion === '') throw invalid('chart.metadata.apiVersion is required');
  if (name === '') throw invalid('chart.metadata.name is required');
  if (name === '.' || name === '..') throw invalid(`chart.metadata.name ${goQuote(name)} is not allowed`);
  if (name !== basePath(name)) throw invalid(`chart.metadata.name ${goQuote(name)} is invalid`);
  if (version === '') throw invalid('chart.metadata.version is required');
  if (typeof parseVersion(version) === 'string') throw invalid(`chart.metadata.version ${goQuote(version)} is invalid`);
  if (!['', 'application', 'library'].includes(metadata.type)) {
    throw invalid('chart.metadata.type must be application or library');
  }
  for (const maintainer of metadata.maintainers) {
    if (maintainer === null) throw invalid('maintainers must not contain empty or null nodes');
    maintainer.name = sanitize(maintainer.name);
    maintainer.email = sanitize(maintainer.email);
    maintainer.url = sanitize(maintainer.url);
  }
  validateDependencies(metadata.dependencies ?? []);
};

const validateDependencies = (dependencies: readonly (Dependency | null)[]): void => {
  const seen = new Set<string>();
  for (const dependency of dependencies) {
    if (dependency === null) throw invalid('dependencies must not contain empty or null nodes');
    dependency.name = sanitize(dependency.name);
    dependency.version = sanitize(dependency.version);
    dependency.repository = sanitize(dependency.repository);
    dependency.condition = sanitize(dependency.condition);
    dependency.tags = dependency.tags.map(sanitize);
    if (dependency.alias !== '' && !/^[a-zA-Z0-9_-]+$/.test(dependency.alias)) {
      throw invalid(`dependency ${goQuote(dependency.name)} has disallowed characters in the alias`);
    }
    const key = dependency.alias === '' ? dependency.name : dependency.alias;
    if (seen.has(key)) throw invalid(`more than one dependency with name or alias ${goQuote(key)}`);
    seen.add(key);
  }
};

/** `.Chart` as templates see it: keys are the names of Go's fields. */
export const metadataMap = (metadata: Metadata): Map<string, Value> =>
  new Map<string, Value>([
    ['Name', metadata.name],
    ['Home', metadata.home],
    ['Sources', [...metadata.sources]],
    ['Version', metadata.version],
    ['Description', metadata.description],
    ['Keywords', [...metadata.keywords]],
    ['Maintainers', metadata.maintainers.map((maintainer) => (maintainer === null ? null : maintainerMap(maintainer)))],
    ['Icon', metadata.icon],
    ['APIVersion', metadata.apiVersion],
    ['Condition', metadata.condition],
    ['Tags', metadata.tags],
    ['AppVersion', metadata.appVersion],
    ['Deprecated', metadata.deprecated],
    ['Annotations', metadata.annotations === undefined ? nilStringMap() : stringMap(metadata.annotations)],
    ['KubeVersion', metadata.kubeVersion],
    [
      'Dependencies',
      (metadata.dependencies ?? []).map((dependency) => (dependency === null ? null : dependencyMap(dependency))),
    ],
    ['Type', metadata.type],
  ]);

const maintainerMap = ({ name, email, url }: Maintainer): Value =>
  new Map<string, Value>([
    ['Name', name],
    ['Email', email],
    ['URL', url],
  ]);

const dependencyMap = (dependency: Dependency): Value =>
  new Map<string, Value>([
    ['Name', dependency.name],
    ['Version', dependency.version],
    ['Repository', dependency.repository],
    ['Condition', dependency.condition],
    ['Tags', [...dependency.tags]],
    ['Enabled', dependency.enabled],
    ['ImportValues', [...dependency.importValues]],
    ['Alias', dependency.alias],
  ]);
