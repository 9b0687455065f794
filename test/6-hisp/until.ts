// Waiting for something that will happen, not for a time.
export const until = async <Value>(ask: () => Promise<Value | null | undefined | false>, ms = 10_000): Promise<Value> => {
  // Some tests set the clock.
  const end = performance.now() + ms;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (performance.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
};
