import { formatFloat } from '../template/numbers.js';
import { sprintValue } from '../template/print.js';
import { goQuote } from '../template/quote.js';
import { Integer, type Value } from '../template/values.js';

/** `%#v` of what go-yaml read, as its error texts show it. */
export const goSyntax = (value: Value): string => {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return formatFloat(value, 'g', -1, 21);
  if (value instanceof Integer) return value.value.toString();
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => `${goQuote(key)}:${goSyntax(item)}`);
    return `map[interface {}]interface {}{${pairs.join(', ')}}`;
  }
  return sprintValue(value);
};
