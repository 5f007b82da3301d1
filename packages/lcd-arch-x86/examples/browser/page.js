import { runKernel } from "./run-kernel.js";

const element = (id) => document.getElementById(id);

element("kernel").addEventListener("change", async ({ target }) => {
  target.disabled = true;
  element("serial").textContent = "";
  element("end").textContent = "";
  try {
    const kernel = new Uint8Array(await target.files[0].arrayBuffer());
    const result = element("here").checked ? await runKernel(kernel, show) : await runInWorker(kernel);
    element("end").textContent = `ended: ${result.kind} ${result.code ?? ""}`;
  } catch (error) {
    element("end").textContent = `cannot run this: ${error.message}`;
  }
  target.disabled = false;
});

function show(byte) {
  element("serial").append(String.fromCharCode(byte));
}

function runInWorker(kernel) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = reject;
    worker.onmessage = ({ data: { byte, result, error } }) => {
      if (byte !== undefined) show(byte);
      else if (error !== undefined) reject(new Error(error));
      else resolve(result);
    };
    worker.postMessage(kernel);
  }).finally(() => worker.terminate());
}
