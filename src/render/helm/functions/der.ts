/** Writes the few kinds of ASN.1 values that certificates are made of, in DER. */
export type Der = Buffer;

const length = (size: number): Buffer => {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
};

export const tagged = (tag: number, ...content: readonly Uint8Array[]): Der => {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
};

export const sequence = (...members: readonly Uint8Array[]): Der => tagged(0x30, ...members);
export const set = (...members: readonly Uint8Array[]): Der => tagged(0x31, ...members);
export const octets = (content: Uint8Array): Der => tagged(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Der => tagged(0x03, Buffer.from([unused]), content);
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text, 'utf8'));
export const printable = (text: string): Der => tagged(0x13, Buffer.from(text, 'latin1'));

/** A non-negative integer from its bytes. */
export const integer = (bytes: Uint8Array): Der => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const body = bytes.subarray(start);
  return tagged(0x02, (body[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), body]) : body);
};

export const objectId = (text: string): Der => {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const group = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return tagged(0x06, Buffer.from(bytes));
};

/** UTCTime until 2049, GeneralizedTime after. */
export const time = (date: Date): Der => {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
};
