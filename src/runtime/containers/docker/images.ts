import type Docker from 'dockerode';
import type { Image, PullOptions } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { checkImageName, registryOf, withTag } from '../image-name.js';
import { asFailure, statusCodeOf } from './engine-errors.js';
import { jsonMessages } from './json-messages.js';

/** One line of the engine's progress of a pull. */
interface Progress {
  readonly errorDetail?: { readonly message?: string };
  readonly error?: string;
}

/**
 * What registries say of an image that they do not have, or do not show to strangers: the engine passes it on as text
 * alone once the pull has begun, so that is all there is to tell it by.
 */
const NOT_THERE = /manifest unknown|not found|does not exist|name unknown/i;

const pullFailure = (image: string, message: string, cause?: unknown): RuntimeFailure => {
  const code = NOT_THERE.test(message) ? 'image-not-found' : 'pull-failed';
  return new RuntimeFailure(code, `Cannot pull image "${image}": ${message}`, { cause });
};

/** Pulls an image; returns its id. */
export const pullImage = async (
  docker: Docker,
  image: string,
  credentials: PullOptions | undefined,
  signal: AbortSignal,
): Promise<string> => {
  checkImageName(image);
  const name = withTag(image);
  try {
    const progress = await docker.createImage(registryLogin(name, credentials) ?? {}, {
      // The whole reference: the engine takes tag or digest from it.
      fromImage: name,
      abortSignal: signal,
    });
    for await (const line of jsonMessages(progress)) {
      const { errorDetail, error } = line as Progress;
      if (errorDetail !== undefined || error !== undefined) {
        throw pullFailure(image, errorDetail?.message ?? error ?? 'no reason given');
      }
    }
  } catch (error) {
    if (error instanceof RuntimeFailure) throw error;
    const failure = asFailure(error, `pull image "${image}"`, 'pull-failed');
    if (!(failure instanceof RuntimeFailure) || failure.code === 'unavailable') throw failure;
    const code = statusCodeOf(error) === 404 ? 'image-not-found' : failure.code;
    throw code === 'image-not-found'
      ? new RuntimeFailure(code, failure.message, { cause: error })
      : pullFailure(image, failure.message.replace(/^Cannot pull image "[^"]*": /, ''), error);
  }
  const pulled = await imageStatus(docker, image, signal);
  if (pulled === undefined) throw pullFailure(image, 'the engine does not have it after pulling it');
  return pulled.id;
};

const registryLogin = (image: string, credentials: PullOptions | undefined): object | undefined =>
  credentials === undefined
    ? undefined
    : {
        ...(credentials.username === undefined ? {} : { username: credentials.username }),
        ...(credentials.password === undefined ? {} : { password: credentials.password }),
        ...(credentials.identityToken === undefined ? {} : { identitytoken: credentials.identityToken }),
        ...(credentials.registryToken === undefined ? {} : { registrytoken: credentials.registryToken }),
        serveraddress: registryOf(image),
      };

/** The image if the engine has it. */
export const imageStatus = async (docker: Docker, image: string, signal: AbortSignal): Promise<Image | undefined> => {
  checkImageName(image);
  signal.throwIfAborted();
  try {
    const found = await docker.getImage(withTag(image)).inspect();
    const user = found.Config?.User;
    return {
      id: found.Id,
      tags: found.RepoTags ?? [],
      digests: found.RepoDigests ?? [],
      sizeBytes: found.Size,
      ...(user === undefined || user === '' ? {} : { user }),
    };
  } catch (error) {
    if (statusCodeOf(error) === 404) return undefined;
    throw asFailure(error, `inspect image "${image}"`, 'unavailable');
  }
};

/** All images that have a name or a digest. */
export const listImages = async (docker: Docker, signal: AbortSignal): Promise<readonly Image[]> => {
  const found = await docker.listImages({ abortSignal: signal });
  const none = '<none>';
  return found.map((image) => ({
    id: image.Id,
    tags: (image.RepoTags ?? []).filter((tag) => !tag.startsWith(none)),
    digests: (image.RepoDigests ?? []).filter((digest) => !digest.startsWith(none)),
    sizeBytes: image.Size,
  }));
};

/** Removes an image with all its names, unless a container uses it (then RuntimeFailure `conflict`). */
export const removeImage = async (docker: Docker, image: string, signal: AbortSignal): Promise<void> => {
  const found = await imageStatus(docker, image, signal);
  if (found === undefined) return;
  // An image with several names cannot be removed by its id unless by force: its names go first.
  const names = found.tags.length > 0 ? found.tags : [found.id];
  for (const name of names) {
    try {
      await docker.getImage(name).remove({ abortSignal: signal });
    } catch (error) {
      if (statusCodeOf(error) !== 404) throw asFailure(error, `remove image "${name}"`, 'unavailable');
    }
  }
};
