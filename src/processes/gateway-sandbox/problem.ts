/** An answer that the caller is meant to read. Anything else that is thrown becomes a bare 500. */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.type = type;
  }
}
