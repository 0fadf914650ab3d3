import type { KubeObject } from '../../../objects/object.js';
import type { RequestContext, Target } from '../request.js';

/** A write on its way into the store. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly target: Target;
  readonly context: RequestContext;
  /** Absent for DELETE. */
  readonly object?: KubeObject;
  /** Absent for CREATE. */
  readonly oldObject?: KubeObject;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, for webhooks. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A rule that needs the state of the cluster. It refuses by throwing an ApiError. */
export interface AdmissionPlugin {
  readonly name: string;
  /** True when objects are changed by somebody outside this process. */
  readonly isRemote?: boolean;
  /** True for the policies and webhooks that users register. */
  readonly isOfUsers?: boolean;
  /** Changes the object; runs before validation. */
  admit?(request: AdmissionRequest & { readonly object: KubeObject }): KubeObject | Promise<KubeObject>;
  /** Looks at the final object; runs after validation. */
  validate?(request: AdmissionRequest): void | Promise<void>;
}
