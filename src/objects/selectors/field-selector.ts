import { SelectorError } from './label-selector.js';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All requirements must hold; the empty list selects everything. */
export type FieldSelector = readonly FieldRequirement[];

const splitTerms = (text: string): string[] => text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? [];

const unescapeValue = (value: string): string => {
  let result = '';
  for (let position = 0; position < value.length; position += 1) {
    const character = value.charAt(position);
    if (character === ',' || character === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    }
    if (character !== '\\') {
      result += character;
      continue;
    }
    position += 1;
    const escaped = value.charAt(position);
    if (escaped === '' || !'\\,='.includes(escaped)) {
      throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`);
    }
    result += escaped;
  }
  return result;
};

const TERM = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/;

/** Reads `status.phase=Running,spec.nodeName!=`. Throws a SelectorError in Kubernetes' words. */
export const parseFieldSelector = (text: string): FieldSelector =>
  splitTerms(text)
    .sort()
    .map((term) => {
      const [, field, operator, value] = TERM.exec(term) ?? [];
      if (field === undefined || value === undefined) {
        throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
      }
      return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) };
    });

const escapeValue = (value: string): string => value.replaceAll(/[\\,=]/g, String.raw`\$&`);

/** The selector as text, the form that `parseFieldSelector` reads. */
export const formatFieldSelector = (selector: FieldSelector): string =>
  selector.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(',');

/** True when every requirement holds for the fields that `valueOf` gives; an absent field is the empty string. */
export const matchesFields = (selector: FieldSelector, valueOf: (field: string) => string | undefined): boolean =>
  selector.every(({ field, operator, value }) => ((valueOf(field) ?? '') === value) === (operator === '='));
