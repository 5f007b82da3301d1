/** Lets timers, input and other host code run, then comes back. */
export type YieldToEventLoop = () => Promise<void>;

/**
 * The cheapest way to yield that this JavaScript host offers: `setImmediate` where there is one (Node), else a
 * message to oneself (browsers), which unlike `setTimeout` is not slowed down when it nests.
 */
export function yieldToEventLoop(): YieldToEventLoop {
  if (typeof setImmediate === "function") return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  let wake: () => void = () => {};
  port1.onmessage = () => wake();
  return () =>
    new Promise((resolve) => {
      wake = resolve;
      port2.postMessage(null);
    });
}
