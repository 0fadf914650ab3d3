import type { Value } from '../../helm/template/values.js';
import { writeNode } from '../nodes/write-nodes.js';
import type { Node } from '../nodes/node.js';
import { readConfig } from '../kustomization/decode.js';

/** The configuration of a generator or transformer as a value to decode: printed and read again, as Kustomize does. */
export const toConfigValue = (node: Node): Value => readConfig(writeNode(node));
