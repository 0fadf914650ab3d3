import type { RenderProblem } from '../render.js';
import { RenderError } from '../render.js';

/** Why an overlay cannot be built. Wrapped on the way up, so that the message leads from the kustomization to the cause. */
export class KustomizeError extends Error {
  override readonly name = 'KustomizeError';

  constructor(
    message: string,
    /** The file at fault, where one is known. */
    readonly file?: string,
  ) {
    super(message);
  }
}

/** A text that is not YAML: tried as something else (a folder, a JSON patch) before it is reported. */
export class MalformedYamlError extends KustomizeError {}

/** A path leads to a folder where a file is wanted. */
export class NotAFileError extends KustomizeError {}

/** The same failure with what was being done in front; what is not a KustomizeError passes through as it is. */
export const wrapped = (error: unknown, prefix: string, file?: string): unknown => {
  if (!(error instanceof KustomizeError)) return error;
  const message = `${prefix}: ${error.message}`;
  const at = error.file ?? file;
  return error instanceof MalformedYamlError ? new MalformedYamlError(message, at) : new KustomizeError(message, at);
};

export const toRenderError = (error: KustomizeError, file: string): RenderError => {
  const problem: RenderProblem = { file: error.file ?? file, message: error.message };
  return new RenderError([problem]);
};
