export type IntOrString = number | string;

/** A percentage of `total`, or the number itself; `up` says where a fraction goes. Undefined when it is neither. */
export const scaledValue = (value: IntOrString, total: number, rounding: 'up' | 'down'): number | undefined => {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined) return undefined;
  const exact = (percent * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
};

/** The number before the `%`; undefined when the text is not a percentage. */
export const percentOf = (value: IntOrString): number | undefined => {
  if (typeof value !== 'string' || !/^[+-]?\d+%$/.test(value)) return undefined;
  return Number(value.slice(0, -1));
};

/** The form of a text on a command line: `80` is a number, `http` and `25%` are strings. */
export const parseIntOrString = (text: string): IntOrString => {
  const number = Number(text);
  return /^[+-]?\d+$/.test(text) && number >= -(2 ** 31) && number < 2 ** 31 ? number : text;
};
