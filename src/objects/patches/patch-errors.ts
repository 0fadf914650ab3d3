import { ApiError } from '../api-error.js';

/** The answer to a patch that is well formed but does not fit the object. */
export const patchDoesNotApply = (reason: string): ApiError => {
  const error = new ApiError('Invalid', 'the server rejected our request due to an error in our request', {});
  error.cause = reason;
  return error;
};

/** The answer to a body that is no patch of its kind. */
export const malformedPatch = (reason: string): ApiError => new ApiError('BadRequest', reason);

/** The answer to a strategic merge patch that contradicts itself, or the lists that it is about. */
export const faultyPatch = (reason: string): ApiError => new ApiError('Unknown', reason);
