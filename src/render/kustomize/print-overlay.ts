import { writeNode } from './nodes/write-nodes.js';
import type { BuiltOverlay } from './build/build-overlay.js';

/** A built overlay as text, documents separated as `kubectl kustomize` does. */
export const printOverlay = ({ resources }: BuiltOverlay): string =>
  resources.map(({ node }) => writeNode(node)).join('---\n');
