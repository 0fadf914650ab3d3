import { isIP } from 'node:net';

/** True for an IPv4 address without leading zeros, or an IPv6 address without a zone. */
export const isIpAddress = (text: string | undefined): boolean =>
  text !== undefined && isIP(text) !== 0 && !text.includes('%');

/** True for an address range such as `10.0.0.0/8`. */
export const isCidr = (text: string): boolean => {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
};

export const IP_MESSAGE = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
export const CIDR_MESSAGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
