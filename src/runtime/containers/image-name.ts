import { RuntimeFailure } from './container-runtime.js';

/**
 * Image references as registries accept them: `[host[:port]/]path[:tag][@digest]`, path components in lower case.
 * Source of the grammar: the distribution project's `reference` package.
 */
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const HOST =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const REFERENCE = new RegExp(
  `^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);
/** What engines give as ids: usable as an image, too. */
const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;

/** Throws RuntimeFailure `image-name-invalid` for what no registry could serve. */
export const checkImageName = (image: string): void => {
  if (image.length > 512 || !(IMAGE_ID.test(image) || REFERENCE.test(image))) {
    throw new RuntimeFailure('image-name-invalid', `"${image.slice(0, 200)}" is not an image reference`);
  }
};

/** The reference with the tag that an engine would assume: `nginx` is `nginx:latest`. */
export const withTag = (image: string): string => {
  if (IMAGE_ID.test(image) || image.includes('@')) return image;
  return image.includes(':', image.lastIndexOf('/') + 1) ? image : `${image}:latest`;
};

/** The registry that serves the image: a first component with a dot or a port, or `localhost`; else Docker Hub. */
export const registryOf = (image: string): string => {
  const first = image.split('/', 1)[0] ?? '';
  return image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')
    ? first
    : 'docker.io';
};
