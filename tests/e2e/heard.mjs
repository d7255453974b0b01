// What was heard, in order, and a way to wait for it: tests wait for events, never for time to pass.

// Generous, since the machines that run the tests are loaded; shorter while one works on what does not answer yet.
export const generous = Number(process.env.PORTOLAN_PATIENCE_MS ?? 60_000);

export class Heard {
  #waiting = new Set();
  events = [];

  add(event) {
    this.events.push(event);
    for (const waiter of this.#waiting) waiter(event);
  }

  // Each event from now on for which `wanted` holds.
  async *each(what, wanted, from = this.events.length) {
    for (;;) {
      const found = await this.until(what, wanted, generous, from);
      from = this.events.indexOf(found, from) + 1;
      yield found;
    }
  }

  // The first event, past or to come, for which `wanted` holds.
  until(what, wanted, milliseconds = generous, from = 0) {
    const found = this.events.slice(from).find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter = (event) => {
        if (!wanted(event)) return;
        stop();
        resolve(event);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${what}: not heard within ${milliseconds} ms, but ${JSON.stringify(this.events.slice(-5)).slice(0, 500)}`));
      }, milliseconds);
      this.#waiting.add(waiter);
    });
  }
}

// The promise, or a refusal that says what did not happen in time.
export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
