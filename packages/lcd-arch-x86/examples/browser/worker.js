import { runKernel } from "./run-kernel.js";

self.addEventListener("message", async ({ data: kernel }) => {
  try {
    const result = await runKernel(kernel, (byte) => postMessage({ byte }));
    postMessage({ result });
  } catch (error) {
    postMessage({ error: error.message });
  }
});
