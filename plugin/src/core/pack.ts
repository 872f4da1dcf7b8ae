// Numbers and strings as bytes, as src/base/pack.h reads them.

const UTF8 = new TextEncoder();

export class Packer {
  private bytes = new Uint8Array(1024);
  private length = 0;

  /** A whole number, not negative: seven bits a byte, the low ones first. */
  number(n: number): this {
    this.room(8);
    while (n >= 128) {
      this.bytes[this.length++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    this.bytes[this.length++] = n;
    return this;
  }

  string(text: string): this {
    const bytes = UTF8.encode(text);
    this.number(bytes.length).room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private room(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    const more = new Uint8Array(2 * (this.length + n));
    more.set(this.bytes.subarray(0, this.length));
    this.bytes = more;
  }
}
