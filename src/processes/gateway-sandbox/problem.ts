/** A refusal with a message for the caller. Any other thrown error becomes a plain 500. */
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
