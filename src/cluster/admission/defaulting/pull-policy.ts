/** `Always` for a tag of `latest`, given or implied; a digest or any other tag is pulled once. */
export const defaultPullPolicy = (image: string): 'Always' | 'IfNotPresent' => {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (image.includes('@')) return 'IfNotPresent';
  const colon = name.indexOf(':');
  return colon < 0 || name.slice(colon + 1) === 'latest' ? 'Always' : 'IfNotPresent';
};
