import type { Node } from '../nodes/node.js';
import { fieldOf, isNull, Node as NodeClass, setScalar } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';
import { goRegExp } from '../resources/selector.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { FieldSpec } from './field-spec.js';
import { applyFieldSpecs } from './field-spec.js';

export interface ImageChange {
  readonly name?: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly tagSuffix?: string;
  readonly digest?: string;
}

/** Changes images in every `containers` and `initContainers` list, wherever it is, and in the fields of the specs. */
export const transformImages = (map: ResourceMap, change: ImageChange, specs: readonly FieldSpec[]): void => {
  const isMatched = imageTest(change.name ?? '');
  const set = (node: Node): void => changeImage(node, change, isMatched);
  const targets = map.resources.filter((resource) => resource.kind !== 'CustomResourceDefinition');
  for (const { node } of targets) visitContainers(node, set);
  for (const { node } of targets) applyFieldSpecs(node, specs, { set });
};

const visitContainers = (node: Node, set: (image: Node) => void): void => {
  for (const item of node.items) visitContainers(item, set);
  for (const [name, value] of node.fields) {
    visitContainers(value, set);
    if ((name !== 'containers' && name !== 'initContainers') || value.kind !== 'list') continue;
    for (const container of value.items) {
      if (isNull(container)) continue;
      requireKind('map', container);
      const image = fieldOf(container, 'image');
      if (image !== undefined) set(image);
    }
  }
};

const changeImage = (node: Node, change: ImageChange, isMatched: (image: string) => boolean): void => {
  if (isNull(node)) return;
  requireKind('scalar', node);
  if (!isMatched(node.text)) return;
  setScalar(node, NodeClass.scalar(changedImage(node.text, change)));
};

/** An image after its change. A new tag drops the digest, a new digest the tag, unless both are given. */
export const changedImage = (image: string, change: ImageChange): string => {
  const parts = splitImage(image);
  const name = change.newName || parts.name;
  let { tag, digest } = parts;
  if (change.newTag) {
    tag = change.newTag;
    digest = change.digest ?? '';
  } else if (change.digest) {
    tag = '';
    digest = change.digest;
  } else if (change.tagSuffix) {
    tag += change.tagSuffix;
    digest = '';
  }
  return `${name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
};

/** `registry:5000/name:tag@digest` in its parts. */
export const splitImage = (image: string): { name: string; tag: string; digest: string } => {
  const slash = Math.max(0, image.indexOf('/'));
  const at = image.indexOf('@', slash);
  const colon = image.indexOf(':', slash);
  if (at < 0 && colon < 0) return { name: image, tag: '', digest: '' };
  if (at >= 0 && (colon < 0 || at < colon)) return { name: image.slice(0, at), tag: '', digest: image.slice(at + 1) };
  if (at >= 0) return { name: image.slice(0, colon), tag: image.slice(colon + 1, at), digest: image.slice(at + 1) };
  return { name: image.slice(0, colon), tag: image.slice(colon + 1), digest: '' };
};

const REST = /^(?::[a-zA-Z0-9_.{}-]*)?(?:@sha256:[a-zA-Z0-9_.{}-]*)?$/;

/** The name of a change is a regular expression for everything before tag and digest. */
const imageTest = (name: string): ((image: string) => boolean) => {
  if (/^[A-Za-z0-9/_:-]*$/.test(name)) return (image) => image.startsWith(name) && REST.test(image.slice(name.length));
  return goRegExp(String.raw`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`, 'images.name');
};
