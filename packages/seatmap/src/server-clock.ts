/** More than the rounding of the header. */
const SET_MS = 1_000;

/** The clock of the server. The clock of the device may be wrong by minutes; only its speed is used. */
export class ServerClock {
  #offsetMs = 0;
  #uncertainMs = Number.POSITIVE_INFINITY;

  /** Sends a request and takes the time from the `Date` header of its answer, if the page may read the header. */
  async measure(send: () => Promise<Response>): Promise<Response> {
    const sentAt = performance.now();
    const response = await send();
    const tookMs = performance.now() - sentAt;
    const date = Date.parse(response.headers.get('date') ?? '');
    // The header has whole seconds, so the middle of that second is the best guess.
    const offsetMs = date + 500 - (Date.now() - tookMs / 2);
    // The clock of the device was set meanwhile, so that an earlier answer says nothing any more.
    const isOther = Math.abs(offsetMs - this.#offsetMs) > SET_MS + tookMs;
    if (!Number.isNaN(date) && (tookMs < this.#uncertainMs || isOther)) {
      this.#uncertainMs = tookMs;
      this.#offsetMs = offsetMs;
    }
    return response;
  }

  /** Milliseconds since 1970 on the clock of the server. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }
}
