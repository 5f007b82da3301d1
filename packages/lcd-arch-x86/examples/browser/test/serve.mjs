import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";

const types = { ".html": "text/html", ".js": "text/javascript" };
const driver = readFileSync(new URL("driver.js", import.meta.url), "utf8");

/**
 * Serves a site with driver.js in its page, kernels for it, and /report, where it reports.
 *
 * @param site a folder with an index.html
 * @param kernels files, by name
 */
export async function serve(site, kernels) {
  let reported;
  const report = new Promise((resolve) => {
    reported = resolve;
  });
  const get = {
    "/": () => `${readFileSync(join(site, "index.html"), "utf8")}<script type="module">${driver}</script>`,
    "/kernels": () => JSON.stringify(Object.keys(kernels)),
    ...Object.fromEntries(
      Object.entries(kernels).map(([name, file]) => [`/kernels/${name}`, () => readFileSync(file)]),
    ),
  };
  const server = createServer(async (request, response) => {
    const { method, url } = request;
    if (method === "POST") {
      response.end();
      reported(JSON.parse(await text(request)));
      return;
    }
    response.setHeader(
      "content-type",
      types[extname(url)] ?? (url === "/" ? types[".html"] : "application/octet-stream"),
    );
    try {
      response.end((get[url] ?? (() => readFileSync(join(site, url))))());
    } catch {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, address: `http://127.0.0.1:${server.address().port}/`, report };
}
