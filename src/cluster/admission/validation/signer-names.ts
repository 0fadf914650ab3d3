import { dns1123Label, dns1123Subdomain, type NameRule } from '../../../objects/names.js';
import { goQuote, invalid, required, tooLong, type FieldError } from '../field-errors.js';

const MAX_DOMAIN = 253;
/** Domain, slash, and a path that can hold the name of an object. */
const MAX_NAME = MAX_DOMAIN + 1 + 253 + 63 + 1;

/** Only the first part that is wrong is reported. */
const eachPart = (field: string, text: string, rule: NameRule): FieldError[] => {
  const wrong = text.split('.').find((part) => rule(part).length > 0);
  return wrong === undefined
    ? []
    : rule(wrong).map((message) => invalid(field, text, `validating label ${goQuote(wrong)}: ${message}`));
};

/** `example.com/my-signer` */
export const validateSignerName = (field: string, name: string): FieldError[] => {
  if (name === '') return [required(field)];
  const [domain = '', path = '', ...rest] = name.split('/');
  if (rest.length > 0 || !name.includes('/')) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  return [
    ...(Buffer.byteLength(domain) > MAX_DOMAIN ? [tooLong(field, MAX_DOMAIN)] : []),
    ...eachPart(field, domain, dns1123Label),
    ...(domain.includes('.')
      ? []
      : [invalid(field, domain, 'should be a domain with at least two segments separated by dots')]),
    ...eachPart(field, path, dns1123Subdomain),
    ...(Buffer.byteLength(name) > MAX_NAME ? [tooLong(field, MAX_NAME)] : []),
  ];
};
