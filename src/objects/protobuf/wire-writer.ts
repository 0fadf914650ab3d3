const encoder = new TextEncoder();

/** Writes the protobuf wire format into a buffer that grows. */
export class WireWriter {
  private buffer = new Uint8Array(256);
  private length = 0;

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  varint(value: number | bigint): void {
    this.reserve(10);
    if (value >= 0 && value < 0x80) {
      this.buffer[this.length] = Number(value);
      this.length += 1;
      return;
    }
    let rest = BigInt.asUintN(64, typeof value === 'bigint' ? value : BigInt(Math.trunc(value)));
    while (rest >= 0x80n) {
      this.buffer[this.length] = Number(rest & 0x7fn) | 0x80;
      this.length += 1;
      rest >>= 7n;
    }
    this.buffer[this.length] = Number(rest);
    this.length += 1;
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire);
  }

  span(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(text: string): void {
    this.span(encoder.encode(text));
  }

  double(value: number): void {
    this.reserve(8);
    new DataView(this.buffer.buffer, this.length, 8).setFloat64(0, value, true);
    this.length += 8;
  }

  /** Writes a length-delimited part with a writer of its own. */
  message(write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.span(inner.buffer.subarray(0, inner.length));
  }
}
