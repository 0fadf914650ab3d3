import type { Origin } from '../resources/origin.js';
import { joinOrigin } from '../resources/origin.js';
import type { Resource } from '../resources/resource.js';
import type { ResourceMap } from '../resources/resource-map.js';

/** A generator that is ready to run. */
export interface GeneratorStep {
  readonly generate: () => Promise<Resource[]>;
  /** The field that asks for it, for messages: `configMapGenerator 'settings'`. */
  readonly field?: string;
  readonly origin?: Origin;
}

/** A transformer that is ready to run: everything it needs is loaded. */
export interface TransformerStep {
  readonly transform: (map: ResourceMap) => void;
  /** The field that asks for it, for messages: `patches[2]`. */
  readonly field?: string;
  readonly origin?: Origin;
}

/** What a field of a kustomization leaves as its mark on the resources that it made or changed. */
export const builtinOrigin = (origin: Origin | undefined, fileName: string, kind: string): { origin?: Origin } => {
  if (origin === undefined) return {};
  const { path = '', repo, ref } = origin;
  const source = { ...(repo === undefined ? {} : { repo }), ...(ref === undefined ? {} : { ref }) };
  return {
    origin: {
      ...source,
      configuredIn: joinOrigin(path, fileName),
      configuredBy: { apiVersion: 'builtin', kind },
    },
  };
};

/** The mark of a generator or transformer with a configuration of its own. */
export const configuredOrigin = (config: Resource): { origin?: Origin } => {
  if (config.origin === undefined) return {};
  const { path = '', repo, ref } = config.origin;
  const source = { ...(repo === undefined ? {} : { repo }), ...(ref === undefined ? {} : { ref }) };
  return {
    origin: {
      ...source,
      configuredIn: path,
      configuredBy: {
        apiVersion: config.apiVersion,
        kind: config.kind,
        name: config.name,
        namespace: config.namespace,
      },
    },
  };
};
