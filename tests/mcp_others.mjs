// The MCP server as others' clients and tests meet it: mcp_others.mjs LANTOA VAULT
// The official SDK's clients of both eras, the inspector's command line, and all server scenarios of the conformance
// suite. From npm, in NODE_PATH's folder; 77, "skipped", without them.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { skip, useNewerNode, World } from "./lib/faces.mjs";

const [lantoa, sample] = process.argv.slice(2).map((p) => resolve(p));
const modules = process.env.NODE_PATH ?? "/nowhere";
const older = join(modules, "@modelcontextprotocol/sdk/dist/esm/client"); // version 1: initialize only
const newer = join(modules, "@modelcontextprotocol/client/dist"); // version 2: 2026-07-28, too
const inspector = join(modules, "@modelcontextprotocol/inspector/clients/launcher/build/index.js");
const suite = join(modules, "@modelcontextprotocol/conformance/dist/index.js");
const node22 = join(modules, ".bin/node"); // npm's "node": Debian's is too old for most of them
const baseline = resolve(process.argv[1], "../mcp_conformance.yml");

if (![older, newer, inspector, suite, node22].every(existsSync)) {
  skip("NODE_PATH lacks the SDKs, the inspector, the conformance suite or node 22");
}
useNewerNode();
const world = new World(sample), { env, vault } = world;
writeFileSync(join(vault, "123.md"), "The number 123."); // the suite's template wants it
const load = (...path) => import(pathToFileURL(join(...path)).href);

/** What any client must be able to do. The clients hold structured content to the output schema. */
async function use(client) {
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((t) => t.name), ["explain", "read_note", "recall", "related", "status"]);
  const related = await client.callTool({ name: "related", arguments: { note: "Cà phê" } });
  assert.ok(related.structuredContent.results.length > 3);
  for (const [name, args] of [["recall", { question: "buổi sáng" }], ["explain", { note: "Cà phê", related: "Bạn bè" }], ["status", {}],
    ["explain", { note: "Cà phê", related: "How We Learn" }], ["read_note", { note: "Cà phê" }]]) {
    assert.ok((await client.callTool({ name, arguments: args })).structuredContent, name);
  }
  assert.ok((await client.callTool({ name: "related", arguments: { note: "không có đâu" } })).isError);
  await assert.rejects(client.callTool({ name: "feedback", arguments: {} }), { code: -32602 }, "it is not offered");
  const { resources } = await client.listResources();
  const read = await client.readResource({ uri: resources[0].uri });
  assert.equal(read.contents[0].mimeType, "text/markdown");
  await client.close();
}

const command = () => ({ command: lantoa, args: ["mcp", "--vault", vault], env });

async function olderClient() {
  const { Client } = await load(older, "index.js");
  const { StdioClientTransport } = await load(older, "stdio.js");
  const { StreamableHTTPClientTransport } = await load(older, "streamableHttp.js");
  for (const transport of [new StdioClientTransport(command()), new StreamableHTTPClientTransport(...await overHttp())]) {
    const client = new Client({ name: "test", version: "1" });
    await client.connect(transport);
    await use(client);
  }
}

async function newerClient() {
  const { Client, StreamableHTTPClientTransport } = await load(newer, "index.mjs");
  const { StdioClientTransport } = await load(newer, "stdio.mjs");
  for (const [mode, era, version] of [["legacy", "legacy", "2025-11-25"], ["auto", "modern", "2026-07-28"],
    [{ pin: "2026-07-28" }, "modern", "2026-07-28"]]) {
    for (const transport of [new StdioClientTransport(command()), new StreamableHTTPClientTransport(...await overHttp())]) {
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
      await client.connect(transport);
      assert.equal(client.getProtocolEra(), era);
      assert.equal(client.getNegotiatedProtocolVersion(), version);
      assert.equal(client.getServerVersion().name, "lantoa");
      assert.match(client.getInstructions(), /never/);
      await use(client);
    }
  }
}

let served = null;

/** The server's address, and what a client must send with each request. */
async function overHttp() {
  served ??= await world.serve(lantoa);
  return [new URL(`${served.base}/mcp`), { requestInit: { headers: { Authorization: `Bearer ${served.token}` } } }];
}

function inspectorsCommand() {
  for (const era of ["legacy", "modern"]) {
    const inspect = (...args) => JSON.parse(execFileSync(node22, [inspector, "--cli", "--protocol-era", era, "-q", "--format", "json", ...args, "--",
      lantoa, "mcp", "--vault", vault], { env, stdio: ["ignore", "pipe", "ignore"] })).result;
    assert.equal(inspect("--method", "tools/list").tools.length, 5);
    assert.ok(inspect("--method", "resources/list").resources.length > 10);
    const answer = inspect("--method", "tools/call", "--tool-name", "related", "--tool-args-json", '{"note": "Cà phê", "limit": 2}');
    assert.equal(answer.structuredContent.results.length, 2);
  }
  const strict = execFileSync(node22, [inspector, "--cli", "--strict", "--method", "tools/list", "--", "sh", "-c",
    'exec "$0" mcp --allow-feedback --vault "$1"', lantoa, vault], { env, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  assert.match(strict, /"feedback"/); // it ends with 6 if a schema is wrong
}

/** The suite asks for what its own server has. Where Lantoa has the like, it is asked for that instead. */
const LIKE = [
  [/"test_simple_text"/g, '"status"'],
  [/"test_error_handling"/g, '"related"'], // without a note: refused
  [/"test:\/\/static-text"/g, '"lantoa://note/M%C3%A1.md"'],
  [/"test:\/\/template\/123\/data"/g, '"lantoa://note/123.md"'],
];

function translate(text) {
  return LIKE.reduce((t, [theirs, ours]) => t.replace(theirs, ours), text);
}

/** The suite knows of no token: what stands between adds it, and changes nothing else but its own port and those names. */
async function standBetween(port, token) {
  const between = http.createServer((q, r) => {
    const headers = { ...q.headers, authorization: `Bearer ${token}` }, parts = [];
    for (const name of ["host", "origin"]) headers[name] &&= headers[name].replace(`:${between.address().port}`, `:${port}`);
    if (headers["mcp-name"]) headers["mcp-name"] = JSON.parse(translate(JSON.stringify(headers["mcp-name"])));
    q.on("data", (d) => parts.push(d));
    q.on("end", () => {
      const body = Buffer.from(translate(Buffer.concat(parts).toString()));
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

const MUST_PASS = {
  "2025-06-18": ["server-initialize", "ping", "tools-list", "resources-list", "resources-read-text"],
  "2025-11-25": ["server-initialize", "ping", "tools-list", "tools-call-simple-text", "tools-call-error", "resources-list", "resources-read-text",
    "resources-templates-read", "dns-rebinding-protection"],
  "2026-07-28": ["tools-list", "tools-call-simple-text", "tools-call-error", "resources-list", "resources-read-text", "resources-templates-read",
    "sep-2164-resource-not-found", "dns-rebinding-protection", "http-header-validation", "input-required-result-unsupported-methods"],
};

/** Every server scenario of each revision. What fails must be in the baseline, and what is in it must fail. */
async function conformance() {
  const [url] = await overHttp(), between = `http://localhost:${await standBetween(url.port, served.token)}/mcp`;
  for (const [revision, needed] of Object.entries(MUST_PASS)) {
    const which = revision === "2025-06-18" ? ["--suite", "all", "--spec-version", revision] : ["--requirements", revision];
    const run = spawn(node22, [suite, "server", "--url", between, "--expected-failures", baseline, ...which], { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    run.stdout.on("data", (d) => (said += d));
    run.stderr.on("data", (d) => (said += d));
    const code = await new Promise((done) => run.once("close", done));
    assert.equal(code, 0, said);
    for (const scenario of needed) assert.match(said, new RegExp(`^✓ ${scenario}: [1-9]`, "m"), `${revision}: ${scenario}\n${said}`);
    console.log(revision, /^Total: .*/m.exec(said)[0], `${said.match(/^✓/gm).length} scenarios pass`);
  }
  assert.doesNotMatch(readFileSync(baseline, "utf8"), new RegExp(`^ *- (${Object.values(MUST_PASS).flat().join("|")})\\b`, "m"));
}

await world.run([olderClient, newerClient, inspectorsCommand, conformance]);
