const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = String.raw`(?:${DOMAIN_PART}(?:\.${DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(
  String.raw`^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\w][\w.-]{0,127}))?(?:@(${DIGEST}))?$`,
);

/** `Always` for a tag of `latest`, given or implied; a digest, any other tag, or no name at all is pulled once. */
export const defaultPullPolicy = (image: string): 'Always' | 'IfNotPresent' => {
  const [, name, tag = 'latest', digest] = REFERENCE.exec(image) ?? [];
  return name !== undefined && digest === undefined && tag === 'latest' ? 'Always' : 'IfNotPresent';
};
