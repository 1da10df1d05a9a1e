/**
 * Which partitions have messages that were announced and that this process has not read. It spares the look at the
 * database that most announcements would cost, because the batch under way has read their messages already.
 */
export class UnreadPlaces {
  readonly #announced = new Map<string, number>();
  #isUncertain = true;

  /** An announcement may have been lost: only a look at the database can tell. */
  doubt(): void {
    this.#isUncertain = true;
  }

  /**
   * Takes an announcement: the topics, then `topic/partition:next` for each partition, where `next` is the offset behind
   * its last message. A process of release 0.1.0 announces the topics alone. Returns whether it is about one of the
   * topics.
   */
  announce(payload: string, topics: readonly string[]): boolean {
    const parts = payload.split(' ');
    let namesPlaces = false;
    let isOurs = false;
    for (const part of parts) {
      const [, place, topic, next] = /^(([a-z]+)\/\d+):(\d+)$/.exec(part) ?? [];
      if (place === undefined || topic === undefined) continue;
      namesPlaces = true;
      if (!topics.includes(topic)) continue;
      isOurs = true;
      this.#announced.set(place, Math.max(Number(next), this.#announced.get(place) ?? 0));
    }
    if (namesPlaces || !parts.some((part) => topics.includes(part))) return isOurs;
    this.doubt();
    return true;
  }

  /** What the next claim answers. Call `settle` with it when the claim has been handled. */
  begin(): { readonly isUncertain: boolean; readonly announced: ReadonlyMap<string, number> } {
    const begun = { isUncertain: this.#isUncertain, announced: new Map(this.#announced) };
    this.#isUncertain = false;
    return begun;
  }

  /**
   * A claim has ended. Of a partition that it did not get, another lane or process has read what was announced before.
   * @param reached the next offset of each partition that was claimed; infinite when another lane goes on with it
   */
  settle(announcedBefore: ReadonlyMap<string, number>, reached: ReadonlyMap<string, number>): void {
    for (const [place, next] of this.#announced) {
      const own = reached.get(place);
      if (own === undefined ? announcedBefore.get(place) === next : own >= next) this.#announced.delete(place);
    }
  }

  /** Whether a claim may find messages. */
  get mayBe(): boolean {
    return this.#isUncertain || this.#announced.size > 0;
  }
}
