// The MCP server as others' clients and tests meet it: mcp_others.mjs LANTOA VAULT
// The official SDK's client and the inspector's command line over standard input and output, and over HTTP what of the
// conformance suite does not want fixtures of its own. From npm, in NODE_PATH's folder; 77, "skipped", without them.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import http from "node:http";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { skip, World } from "./lib/faces.mjs";

const [lantoa, sample] = process.argv.slice(2).map((p) => resolve(p));
const modules = process.env.NODE_PATH ?? "/nowhere";
const sdk = join(modules, "@modelcontextprotocol/sdk/dist/esm/client");
const inspector = join(modules, ".bin/mcp-inspector");
const suite = join(modules, "@modelcontextprotocol/conformance/dist/index.js");
const node22 = join(modules, ".bin/node"); // npm's "node": the suite wants 22
const SCENARIOS = ["server-initialize", "ping", "tools-list", "resources-list", "dns-rebinding-protection"];

if (![sdk, inspector, suite, node22].every(existsSync)) {
  skip("NODE_PATH lacks the SDK, the inspector, the conformance suite or node 22");
}
const world = new World(sample), { env, vault } = world;

async function officialClient() {
  const { Client } = await import(pathToFileURL(join(sdk, "index.js")).href);
  const { StdioClientTransport } = await import(pathToFileURL(join(sdk, "stdio.js")).href);
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: lantoa, args: ["mcp", "--vault", vault], env }));
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((t) => t.name), ["explain", "read_note", "recall", "related", "status"]);
  // The client checks structured content against the output schema.
  const related = await client.callTool({ name: "related", arguments: { note: "Cà phê" } });
  assert.ok(related.structuredContent.results.length > 3);
  for (const [name, args] of [["recall", { question: "buổi sáng" }], ["explain", { note: "Cà phê", related: "Bạn bè" }], ["status", {}],
    ["read_note", { note: "Cà phê" }]]) {
    assert.ok((await client.callTool({ name, arguments: args })).structuredContent, name);
  }
  const { resources } = await client.listResources();
  const read = await client.readResource({ uri: resources[0].uri });
  assert.equal(read.contents[0].mimeType, "text/markdown");
  await client.close();
}

function inspect(...args) {
  return JSON.parse(execFileSync(inspector, ["--cli", lantoa, "mcp", "--vault", vault, ...args], { env, stdio: ["ignore", "pipe", "ignore"] }));
}

function inspectorsCommand() {
  assert.equal(inspect("--method", "tools/list").tools.length, 5);
  assert.ok(inspect("--method", "resources/list").resources.length > 10);
  const answer = inspect("--method", "tools/call", "--tool-name", "related", "--tool-arg", "note=Cà phê", "--tool-arg", "limit=2");
  assert.equal(answer.structuredContent.results.length, 2);
}

/** The suite knows of no token: what stands between adds it, and changes nothing else but its own port. */
async function standBetween(port, token) {
  const between = http.createServer((q, r) => {
    const headers = { ...q.headers, authorization: `Bearer ${token}` }, parts = [];
    for (const name of ["host", "origin"]) headers[name] &&= headers[name].replace(`:${between.address().port}`, `:${port}`);
    q.on("data", (d) => parts.push(d));
    q.on("end", () => {
      const body = Buffer.concat(parts);
      delete headers["transfer-encoding"];
      if (body.length) headers["content-length"] = body.length;
      const p = http.request({ host: "127.0.0.1", port, method: q.method, path: q.url, headers, setHost: false }, (s) => {
        r.writeHead(s.statusCode, s.headers);
        s.pipe(r);
      });
      p.end(body);
    });
  });
  await new Promise((done) => between.listen(0, "localhost", done));
  world.stops.push(() => between.close());
  return between.address().port;
}

async function conformance() {
  const { base, token } = await world.serve(lantoa), port = new URL(base).port;
  const url = `http://localhost:${await standBetween(port, token)}/mcp`;
  for (const scenario of SCENARIOS) {
    const run = spawn(node22, [suite, "server", "--url", url, "--scenario", scenario], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    run.stdout.on("data", (d) => (said += d));
    run.stderr.on("data", (d) => (said += d));
    const code = await new Promise((done) => run.once("close", done));
    assert.ok(code === 0 && /Passed: (\d+)\/\1, 0 failed/.test(said), said);
    console.log(scenario, /Passed: \S+/.exec(said)[0]);
  }
}

await world.run([officialClient, inspectorsCommand, conformance]);
