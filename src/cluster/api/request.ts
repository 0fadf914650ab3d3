import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Resource } from '../../objects/schema/resource-table.js';
import type { UserInfo } from '../auth/user.js';

/** What a request is about: a resource, one of its objects, or a part of one. */
export interface Target {
  readonly resource: ServedResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** A resource as it is served, and whether its kind was defined at run time. */
export interface ServedResource extends Resource {
  readonly custom: boolean;
  /** `DeploymentList` */
  readonly listKind: string;
  /** Fields of a custom resource, beside its name, that field selectors can name. */
  readonly selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Where a custom resource is defined, and the version of it that this is. */
  readonly definition?: CustomResourceDefinition;
  readonly definitionVersion?: CustomResourceDefinitionVersion;
  /** JSON paths of a custom resource's scale, `.spec.replicas`. */
  readonly scale?: { readonly replicas: string; readonly statusReplicas: string; readonly selector?: string };
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Options that every write has. */
export interface WriteParameters {
  readonly dryRun: boolean;
  /** Empty: named after the user agent. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Paths of keys that occurred twice in the body. */
  readonly duplicates?: readonly string[];
}

/** Who asks, and what the answer carries beside its body. One for each request. */
export interface RequestContext {
  readonly user: UserInfo;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Texts for `Warning` headers. */
  readonly warnings: string[];
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'connect';

/** The manager that a write is recorded under: what it names, or the program in the user agent. */
export const managerOf = (context: RequestContext, parameters: WriteParameters): string => {
  if (parameters.fieldManager !== '') return parameters.fieldManager;
  const program = context.userAgent.split('/', 1)[0]?.slice(0, 128) ?? '';
  return program === '' ? 'unknown' : program;
};
