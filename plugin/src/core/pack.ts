// Numbers and strings as bytes, as src/base/pack.h reads them.

const UTF8 = new TextEncoder();

export class Packer {
  private data = new Uint8Array(1024);
  private length = 0;

  /** A whole number, not negative: seven bits a byte, the low ones first. */
  number(n: number): this {
    this.room(8);
    while (n >= 128) {
      this.data[this.length++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    this.data[this.length++] = n;
    return this;
  }

  string(text: string): this {
    return this.bytes(UTF8.encode(text));
  }

  /** The same of what is no text. */
  bytes(bytes: Uint8Array): this {
    this.number(bytes.length).room(bytes.length);
    this.data.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  take(): Uint8Array {
    return this.data.slice(0, this.length);
  }

  private room(n: number): void {
    if (this.length + n <= this.data.length) return;
    const more = new Uint8Array(2 * (this.length + n));
    more.set(this.data.subarray(0, this.length));
    this.data = more;
  }
}
