/** Bytes that are no protobuf message of the expected form. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the protobuf wire format. Every read is checked against the end of the message. */
export class WireReader {
  constructor(
    private readonly bytes: Uint8Array,
    private position = 0,
    private readonly end: number = bytes.length,
  ) {}

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** A varint as the signed 64-bit number that Go has; beyond 2^53 the nearest that a number holds. */
  varint(): number {
    const first = this.bytes[this.position];
    if (first !== undefined && first < 0x80 && this.position < this.end) {
      this.position += 1;
      return first;
    }
    return this.longVarint();
  }

  /** A varint as `varint` reads it, but exactly: a BigInt where no number holds it. */
  integer(): number | bigint {
    const start = this.position;
    const near = this.varint();
    if (Number.isSafeInteger(near)) return near;
    let exact = 0n;
    for (let at = start; at < this.position; at += 1) {
      exact |= BigInt((this.bytes[at] as number) & 0x7f) << BigInt(7 * (at - start));
    }
    return BigInt.asIntN(64, exact);
  }

  private longVarint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw new ProtobufError('unexpected EOF');
      const byte = this.bytes[this.position] as number;
      this.position += 1;
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else if (shift === 28) {
        low += (bits & 0x0f) * 2 ** 28;
        high += bits >> 4;
      } else high += bits * 2 ** (shift - 32);
      if (byte < 0x80) return signed(low, high);
    }
    throw new ProtobufError('integer overflow');
  }

  /** The field number and the wire type of the next field. */
  tag(): { readonly number: number; readonly wire: number } {
    const tag = this.varint();
    const number = Math.floor(tag / 8);
    if (tag < 0 || number <= 0 || number > 0x1fffffff) throw new ProtobufError(`illegal tag ${number}`);
    return { number, wire: tag % 8 };
  }

  /** The bytes of a length-delimited field. They share memory with the message. */
  span(): Uint8Array {
    const length = this.varint();
    if (length < 0) throw new ProtobufError('negative length found during unmarshaling');
    if (this.position + length > this.end) throw new ProtobufError('unexpected EOF');
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }

  text(): string {
    try {
      return utf8.decode(this.span());
    } catch (error) {
      if (error instanceof ProtobufError) throw error;
      throw new ProtobufError('string field contains invalid UTF-8');
    }
  }

  double(): number {
    if (this.position + 8 > this.end) throw new ProtobufError('unexpected EOF');
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.position, 8);
    this.position += 8;
    return view.getFloat64(0, true);
  }

  /** Passes over a field that the message type does not have. */
  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.advance(8);
    else if (wire === 2) this.span();
    else if (wire === 5) this.advance(4);
    else throw new ProtobufError(`illegal wireType ${wire}`);
  }

  private advance(count: number): void {
    if (this.position + count > this.end) throw new ProtobufError('unexpected EOF');
    this.position += count;
  }
}

const signed = (low: number, high: number): number => {
  const top = high % 2 ** 32;
  return top >= 2 ** 31 ? (top - 2 ** 32) * 2 ** 32 + low : top * 2 ** 32 + low;
};
