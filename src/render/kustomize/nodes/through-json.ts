import { formatFloat } from '../../helm/template/numbers.js';
import { analyze } from '../../helm/yaml/scalar-analysis.js';
import { resolvePlainScalar } from '../../yaml/resolve-scalar.js';
import { isOldNonString, Node } from './node.js';
import { scalarValue } from './write-nodes.js';

/**
 * Makes of a node what is left when it was JSON in between, as it is where Kustomize applies a JSON patch: quotes only
 * where they are needed, `null` for every way to write nothing, numbers as Go writes a float.
 */
export const passThroughJson = (node: Node): void => {
  for (const item of node.items) passThroughJson(item);
  for (const field of node.fields.values()) passThroughJson(field);
  node.commentSchema = undefined;
  if (node.kind !== 'scalar') return;
  const value = scalarValue(node);
  if (value === null) node.become(Node.scalar('null', '!!null'));
  else if (typeof value === 'string') node.become(Node.scalar(value, '!!str', needsQuotes(value)));
  else if (typeof value === 'boolean') node.become(Node.scalar(String(value), '!!bool'));
  else node.become(numberNode(Number(value)));
};

const numberNode = (value: number): Node => {
  const text = formatFloat(value, 'g', -1);
  return Node.scalar(text, resolvePlainScalar(text, 'overlays').tag);
};

/** What YAML 1.1 reads as a time of day. */
const BASE_60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;

const needsQuotes = (text: string): boolean =>
  text === '' ||
  isOldNonString(text) ||
  BASE_60.test(text) ||
  resolvePlainScalar(text, 'overlays').tag !== '!!str' ||
  !analyze(text, true).plain;
